import type { Ajv, ValidateFunction } from 'ajv';
import { isPlainObject } from '../../dsl/common/plain-object.ts';
import type { VarSchema } from '../../dsl/role.ts';
import { meantHint, nearName } from '../../near.ts';
import { isPrivate, MASK, shownValue } from '../../secret-names.ts';
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
  const made = new Map<object, Ajv>();
  const ajvOf: AjvOf = (options) => {
    const known = made.get(options) ?? new Ajv(options);
    made.set(options, known);
    return known;
  };
  return Object.entries(vars).flatMap(([variable, { secret, ...schema }]) => {
    const shown: Shown = secret === true || isPrivate(variable) ? masked : shownValue;
    return problemsOf(ajvOf, { variable, schema }, shown).map(([message, hint]) => ({
      variable,
      message,
      ...(hint !== undefined && { hint }),
    }));
  });
}

type Schema = Readonly<Record<string, unknown>>;

interface Named {
  readonly variable: string;
  readonly schema: Schema;
}

type AjvOf = (options: typeof TYPED | typeof UNTYPED | typeof FILLING) => Ajv;

/** A value for a message, by its name. */
type Shown = (name: string, value: unknown) => string;

const masked: Shown = () => MASK;

const LENIENT = {
  allowUnionTypes: true,
  validateFormats: false,
  meta: false,
  validateSchema: false,
} as const;

const TYPED = {
  ...LENIENT,
  strict: true,
  strictTuples: false,
  strictRequired: false,
  logger: false,
} as const;

/** Where no type is said, at any level, any word may count. */
const UNTYPED = { ...TYPED, strictTypes: false } as const;

/** As values are judged: what they lack is filled in first. */
const FILLING = { ...LENIENT, strict: false, useDefaults: true } as const;

function isTyped(schema: Schema): boolean {
  return schema.type !== undefined && innerOf(schema).every(({ inner }) => isTyped(inner));
}

/** The schemas of what a value holds, by name, and where they stand in this one. */
function innerOf({ properties, items, additionalProperties }: Schema) {
  const named = isPlainObject(properties) ? Object.entries(properties) : [];
  const all = [
    ...named.map(([name, inner]) => ({ name, pointer: `/properties/${escaped(name)}`, inner })),
    { name: 'items', pointer: '/items', inner: items },
    { name: 'additionalProperties', pointer: '/additionalProperties', inner: additionalProperties },
  ];
  return all.flatMap(({ inner, ...where }) => (isPlainObject(inner) ? [{ ...where, inner }] : []));
}

/** For a JSON pointer in a URL. */
function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

type Found = readonly [message: string, hint?: string];

function problemsOf(ajvOf: AjvOf, { variable, schema }: Named, shown: Shown): readonly Found[] {
  const strict = ajvOf(isTyped(schema) ? TYPED : UNTYPED);
  const words = unknownWords(schema, Object.keys(strict.RULES.keywords));
  if (words.length > 0) return words;
  try {
    const named = { variable, schema: withoutNotes(schema) };
    validatorAt(strict, named, '');
    return defaultsIn(named.schema, shown).flatMap((one) => {
      const isFilled = typeof one.usual === 'object' && one.usual !== null;
      return misfit(validatorAt(isFilled ? ajvOf(FILLING) : strict, named, one.pointer), one);
    });
  } catch (error) {
    return [understood(schema, error instanceof Error ? error.message : String(error))];
  }
}

/** Within the whole schema: what it refers to stands elsewhere in it. Undefined for one that refers to the whole. */
function validatorAt(ajv: Ajv, { variable, schema }: Named, pointer: string): ValidateFunction | undefined {
  const key = `var-${variable}`;
  if (ajv.schemas[key] === undefined) ajv.addSchema(schema, key);
  return ajv.getSchema(pointer === '' ? key : `${key}#${pointer}`);
}

interface Default {
  readonly usual: unknown;
  /** The name of what holds it; empty for the variable itself. */
  readonly at: string;
  readonly pointer: string;
  readonly shown: Shown;
}

/** On every level. */
function defaultsIn(schema: Schema, shown: Shown, at = '', pointer = ''): readonly Default[] {
  const { default: usual } = schema;
  return [
    ...(usual === undefined ? [] : [{ usual, at, pointer, shown }]),
    ...innerOf(schema).flatMap((one) =>
      defaultsIn(one.inner, isPrivate(one.name) ? masked : shown, one.name, pointer + one.pointer),
    ),
  ];
}

function misfit(validate: ValidateFunction | undefined, { usual, at, shown }: Default): readonly Found[] {
  if (validate === undefined || validate(copied(usual))) return [];
  const found = `its default ${shown(at, usual)}${at === '' ? '' : ` for ${at}`}`;
  const why = validate.errors?.[0]?.message ?? 'is not valid';
  return [[`${found} does not fit its own schema: it ${why}`, 'change the one or the other']];
}

/** Words that programs of others may read: `x-…`. */
function withoutNotes(schema: Schema): Schema {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return isPlainObject(value) ? withoutNotes(value) : value;
  };
  const entries = Object.entries(schema).filter(([word]) => !NOTE.test(word));
  return Object.fromEntries(entries.map(([word, value]) => [word, inner(value)]));
}

const NOTE = /^x-/;

/** Words of schemas that nobody knows, on every level. */
function unknownWords(schema: Schema, known: readonly string[], at = ''): readonly Found[] {
  const { format } = schema;
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
    ...innerOf(schema).flatMap(({ name, inner }) => unknownWords(inner, known, name)),
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
function understood({ type }: Schema, said: string): Found {
  const wrong = [type].flat().find((one) => one !== undefined && !TYPES.includes(String(one)));
  if (wrong !== undefined)
    return [`its type ${JSON.stringify(wrong)} is none`, meantHint(String(wrong), TYPES)];
  return [`its schema is not understood: ${said.replace(/^strict mode: /, '')}`];
}
