import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { isPlainObject } from '../../dsl/common/plain-object.ts';
import type { VarSchema } from '../../dsl/role.ts';
import { untilde } from '../../home.ts';
import { isPrivate, MASK } from '../../secret-names.ts';
import { type Setting, type Settings, shownSetting } from '../variables/settings.ts';
import type { Problems } from './problems.ts';
import { guardNamedSecrets, keepDeclaredSecret } from './secrets.ts';

/** Checks declared variables and brings them into the form that roles see. */
export interface VarChecker {
  /** Declared variables of a host: checked, with paths resolved and defaults filled in. */
  check(
    host: string,
    settings: Settings,
    problems: Problems,
    local: boolean,
  ): Readonly<Record<string, unknown>>;
}

/** Loads ajv, here and nowhere else. What it gives compiles each schema once. */
export async function loadVarChecker(): Promise<(schema: VarSchema) => VarChecker> {
  const { Ajv } = await import('ajv');
  return (schema) => varChecker(Ajv, schema);
}

function varChecker(Ajv: typeof import('ajv').Ajv, schema: VarSchema): VarChecker {
  const ajv = new Ajv({
    allErrors: false,
    strict: false,
    allowUnionTypes: true,
    validateFormats: false,
    meta: false,
    validateSchema: false,
    useDefaults: true,
  });
  const compiled = new Map<string, ValidateFunction>();
  const validator = (name: string, property: VarSchema[string]) => {
    const validate = compiled.get(name) ?? ajv.compile(property);
    compiled.set(name, validate);
    return validate;
  };
  return {
    check(host, settings, problems, local) {
      const vars: Record<string, unknown> = {};
      for (const [name, property] of Object.entries(schema)) {
        const setting = settings.get(name);
        const given = setting === undefined ? property.default : setting.value;
        if (property.secret === true) keepDeclaredSecret(given);
        else if (property.secret !== false) guardNamedSecrets(name, given);
        if (setting === undefined) {
          const usual = copied(property.default);
          if (typeof usual === 'object' && usual !== null) validator(name, property)(usual);
          if (usual !== undefined) vars[name] = usual;
          continue;
        }
        // A copy: ajv fills in the defaults of what it lacks.
        const value = copied(coerce(setting.value, property.type, property.format));
        const validate = validator(name, property);
        const problem =
          unsafeText(value) ??
          (validate(value)
            ? pathProblem(value, setting.folder, property, local)
            : wording(validate, property));
        if (problem !== undefined) tell(host, name, setting, problem, problems, property);
        else vars[name] = property.format === 'path' ? resolvePath(String(value), setting.folder) : value;
      }
      return vars;
    },
  };
}

/** Plain data of its own. */
export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copied(one)]));
}

/**
 * A path on a host, unlike one on control, has a default that is absolute. Over SSH it can be nothing else:
 * what a relative one, or `~`, starts from is on this machine.
 */
function pathProblem(
  value: unknown,
  folder: string | undefined,
  { format, default: usual }: Readonly<Record<string, unknown>>,
  local: boolean,
): string | undefined {
  if (format !== 'path') return undefined;
  const onHost = typeof usual === 'string' && isAbsolute(usual);
  if (onHost && !local && !isAbsolute(String(value))) return 'must be an absolute path';
  const unsafe = unsafeText(resolvePath(String(value), folder));
  return unsafe && `starts in a directory whose name ${unsafe}`;
}

/** `~` and relative paths; without a folder these start in the current one. */
function resolvePath(path: string, folder: string | undefined): string {
  return resolve(folder ?? process.cwd(), untilde(path));
}

/** A path of this machine: beside the inventory, else in the current directory, where Ansible looks; if it is there. */
export function nearest(path: string, folder: string | undefined): string {
  const beside = resolvePath(path, folder);
  const here = resolvePath(path, undefined);
  return !existsSync(beside) && existsSync(here) ? here : beside;
}

/** What people write for Ansible: `yes` and 1 are true, "2379" is a number, v3.5.30 is 3.5.30; `-e` knows only text. */
export function coerce(value: unknown, type: unknown, format?: unknown): unknown {
  if (type === 'boolean') return booleanOf(value) ?? value;
  if (typeof value !== 'string') return value;
  if (format === 'version') return value.replace(/^v(?=\d)/, '');
  if (type === 'integer' && /^-?(0|[1-9]\d*)$/.test(value)) return Number(value);
  if (type === 'number' && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return Number(value);
  return value;
}

/** True and false as Ansible's `boolean()` takes them; undefined for what is neither. */
function booleanOf(value: unknown): boolean | undefined {
  const text = /^(string|number|boolean)$/.test(typeof value) ? String(value).trim() : '';
  if (/^(true|yes|on|1|t|y)$/i.test(text)) return true;
  return /^(false|no|off|0|f|n)$/i.test(text) ? false : undefined;
}

/** The controls of ASCII, those of Latin-1, line separators, and what turns the direction of text. */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

/** Half a character of UTF-16, and what Unicode says is none: systemd takes no file that has one. */
const NO_CHARACTER = /\p{Cs}|\p{Noncharacter_Code_Point}/u;

/** NUL, newlines and escapes in a value would end up in files, commands and on screens; a number that is too long, as another. */
export function unsafeText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'has a whole number beyond 2^53, which cannot be kept';
  if (typeof value === 'string') {
    const control = CONTROL.exec(value)?.[0];
    if (control !== undefined) return `has the control character ${codePoint(control)}`;
    const none = NO_CHARACTER.exec(value)?.[0];
    return none && `has ${codePoint(none)}, which is not a character`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const problem = unsafeText(key) ?? unsafeText(inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function codePoint(char: string): string {
  return `U+${char.codePointAt(0)?.toString(16).padStart(4, '0').toUpperCase()}`;
}

/** JSON schema's types in the words of people who write YAML. */
const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
};

function wording(validate: ValidateFunction, property: Readonly<Record<string, unknown>>): string {
  const error = validate.errors?.[0];
  if (!error) return 'is not valid';
  const [at] = error.instancePath.split('/').slice(1);
  const inner = at === undefined ? '' : `${/^\d+$/.test(at) ? `item ${Number(at) + 1}` : at} `;
  const { keyword, params } = error;
  if (keyword === 'enum') return `${inner}must be one of ${params.allowedValues.join(', ')}`;
  if (keyword === 'type') {
    const types = [params.type].flat() as string[];
    return `${inner}must be ${types.map((type) => TYPES[type] ?? type).join(' or ')}`;
  }
  if (keyword === 'minimum' || keyword === 'maximum')
    return `${inner}must be ${property.minimum} to ${property.maximum}`;
  if (keyword === 'minLength') return `${inner}must not be empty`;
  if (keyword === 'maxLength') return `${inner}must have at most ${params.limit} characters`;
  if (keyword === 'pattern') return `${inner}must match ${params.pattern}`;
  return `${inner}${error.message}`;
}

/** The next step: quotes, the right case, a value that would do. */
function hintFor(
  name: string,
  { value, position, template, written = String(value) }: Setting,
  property: Readonly<Record<string, unknown>>,
): string | undefined {
  if (value === null) return 'a value is missing after the colon, or take the line away';
  const isHidden = isPrivate(name) || property.secret === true || template !== undefined;
  if ([property.type].flat().includes('string') && /^(number|boolean)$/.test(typeof value))
    return `quote it: ${name}: ${isHidden ? '"…"' : `"${written}"`}`;
  if (property.type === 'array' && typeof value === 'string' && !isHidden) {
    const items = JSON.stringify(value.split(/[\s,]+/).filter(Boolean));
    return position ? `write a list: ${name}: ${items}` : `write JSON: -e '{"${name}": ${items}}'`;
  }
  const allowed = Array.isArray(property.enum) ? (property.enum as string[]) : [];
  const near = allowed.find((each) => each === String(value).toLowerCase());
  if (near !== undefined) return `did you mean ${near}?`;
  const { description, default: usual } = property;
  const isExample =
    /^(string|number)$/.test(typeof usual) && usual !== '' && allowed.length === 0 && !isHidden;
  const example = isExample ? `; for example ${usual}` : '';
  return typeof description === 'string' ? `${name}: ${description.replace(/\.$/, '')}${example}` : undefined;
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function tell(
  host: string,
  name: string,
  setting: Setting,
  problem: string,
  problems: Problems,
  property: Readonly<Record<string, unknown>>,
): void {
  const found = property.secret === true ? MASK : short(shownSetting(name, setting));
  const from = setting.position === undefined ? ' (from --extra-vars)' : '';
  problems.add(
    `${name} of ${host} ${problem}, found ${found}${from}`,
    setting.position,
    hintFor(name, setting, property),
    // A group's value is looked at for each of its hosts, and told once.
    name,
  );
}
