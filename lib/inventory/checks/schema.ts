import type { Ajv } from 'ajv';
import { isPlainObject } from '../../dsl/common/plain-object.ts';
import type { VarSchema } from '../../dsl/role.ts';
import { meantHint, nearName } from '../../near.ts';
import { MASK, shownValue } from '../../secret-names.ts';
import { copied } from './validate.ts';

/** Something wrong with what a role says of a variable. */
export interface SchemaProblem {
  readonly variable: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a schema may say of us besides JSON schema's own words. */
const OURS = ['secret', 'optional', 'required'];

/** Formats that values are judged by. */
const FORMATS = ['path', 'version'];

/**
 * Judges the schemas of a role's variables before any value is: unknown words, types and patterns that are none, a
 * default that its own schema refuses. Values are validated leniently later on; a mistake here would make them pass.
 */
export async function schemaProblems(vars: VarSchema): Promise<readonly SchemaProblem[]> {
  const { Ajv } = await import('ajv');
  const made = new Map<boolean, Ajv>();
  const ajvFor = (typed: boolean) => {
    const known = made.get(typed) ?? new Ajv({ ...STRICT, strictTypes: typed });
    made.set(typed, known);
    return known;
  };
  return Object.entries(vars).flatMap(([variable, { secret, ...schema }]) => {
    const shown = (value: unknown) => (secret === true ? MASK : shownValue(variable, value));
    // Where no type is said, at any level, any word may count.
    return problemsOf(ajvFor(isTyped(schema)), schema, shown).map(([message, hint]) => ({
      variable,
      message,
      ...(hint !== undefined && { hint }),
    }));
  });
}

function isTyped(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return true;
  const { type, properties = {}, items } = schema as Readonly<Record<string, unknown>>;
  return type !== undefined && [items, ...Object.values(properties as object)].every(isTyped);
}

const STRICT = {
  strict: true,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  validateFormats: false,
  meta: false,
  validateSchema: false,
  logger: false,
  useDefaults: true,
} as const;

type Found = readonly [message: string, hint?: string];

function problemsOf(
  ajv: Ajv,
  schema: Readonly<Record<string, unknown>>,
  shown: (value: unknown) => string,
): readonly Found[] {
  const words = unknownWords(schema, Object.keys(ajv.RULES.keywords));
  if (words.length > 0) return words;
  try {
    return defaultProblems(ajv, withoutNotes(schema), shown);
  } catch (error) {
    return [understood(schema, error instanceof Error ? error.message : String(error))];
  }
}

/** Defaults that their own schemas refuse, on every level. */
function defaultProblems(
  ajv: Ajv,
  { default: usual, ...schema }: Readonly<Record<string, unknown>>,
  shown: (value: unknown) => string,
  at = '',
): readonly Found[] {
  const validate = ajv.compile(schema as object);
  const fits = usual === undefined || validate(copied(usual));
  const inner = Object.entries((schema.properties ?? {}) as Readonly<Record<string, unknown>>);
  return [
    ...(fits
      ? []
      : [
          [
            `its default ${shown(usual)}${at === '' ? '' : ` for ${at}`} does not fit its own schema: it ${validate.errors?.[0]?.message ?? 'is not valid'}`,
            'change the one or the other',
          ] as const,
        ]),
    ...[...inner, ['items', schema.items] as const].flatMap(([name, one]) =>
      isPlainObject(one) ? defaultProblems(ajv, one, shown, name) : [],
    ),
  ];
}

/** Words that programs of others may read: `x-…`. */
function withoutNotes(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return isPlainObject(value) ? withoutNotes(value) : value;
  };
  const entries = Object.entries(schema).filter(([word]) => !NOTE.test(word));
  return Object.fromEntries(entries.map(([word, value]) => [word, inner(value)]));
}

const NOTE = /^x-/;

/** Words of schemas that nobody knows, on every level. */
function unknownWords(schema: unknown, known: readonly string[], at = ''): readonly Found[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return [];
  const { properties, items, format } = schema as Readonly<Record<string, unknown>>;
  const where = at === '' ? '' : ` for ${at}`;
  return [
    ...Object.keys(schema)
      .filter((word) => !known.includes(word) && !NOTE.test(word))
      .map(
        (word): Found => [
          `its schema${where} has the unknown word ${word}`,
          meantHint(word, [...known, ...(at === '' ? OURS : [])], 'JSON schema has'),
        ],
      ),
    ...(format === undefined || FORMATS.includes(String(format)) ? [] : [unknownFormat(format, where)]),
    ...Object.entries(typeof properties === 'object' ? (properties ?? {}) : {}).flatMap(([name, one]) =>
      unknownWords(one, known, name),
    ),
    ...unknownWords(items, known, 'items'),
  ];
}

/** No value would be judged by it. */
function unknownFormat(format: unknown, where: string): Found {
  const near = nearName(String(format), FORMATS);
  const hint =
    near === undefined
      ? `there are ${FORMATS.join(' and ')}; a pattern says the rest`
      : `did you mean ${near}?`;
  return [`its format ${format}${where} is unknown`, hint];
}

const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];

/** What the compiler of schemas has against one, in words for who wrote it. */
function understood({ type }: Readonly<Record<string, unknown>>, said: string): Found {
  const wrong = [type].flat().find((one) => one !== undefined && !TYPES.includes(String(one)));
  if (wrong !== undefined)
    return [`its type ${JSON.stringify(wrong)} is none`, meantHint(String(wrong), TYPES)];
  return [`its schema is not understood: ${said.replace(/^strict mode: /, '')}`];
}
