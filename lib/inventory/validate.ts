import { homedir } from 'node:os';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { ValidateFunction } from 'ajv';
import type { VarSchema } from '../dsl/role.ts';
import type { Problems } from './problems.ts';
import type { Setting, Settings } from './variables.ts';

/** Checks declared variables and brings them into the form that roles see. */
export interface VarChecker {
  /** Declared variables of a host: checked, with paths resolved and defaults filled in. */
  check(host: string, settings: Settings, problems: Problems): Readonly<Record<string, unknown>>;
}

/** Compiles the schemas once; ajv is loaded here, and nowhere else. */
export async function varChecker(schema: VarSchema): Promise<VarChecker> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({ allErrors: false, strict: false, allowUnionTypes: true, validateFormats: false });
  const compiled = new Map<string, ValidateFunction>();
  const told = new Set<string>();
  return {
    check(host, settings, problems) {
      const vars: Record<string, unknown> = {};
      for (const [name, property] of Object.entries(schema)) {
        const setting = settings.get(name);
        if (setting === undefined) {
          if (property.default !== undefined) vars[name] = property.default;
          continue;
        }
        const value = coerce(setting.value, property.type);
        let validate = compiled.get(name);
        if (!validate) {
          validate = ajv.compile(property);
          compiled.set(name, validate);
        }
        const problem = unsafeText(value) ?? (validate(value) ? undefined : wording(validate));
        if (problem !== undefined) tell(host, name, setting, problem, problems, told, property);
        else vars[name] = property.format === 'path' ? resolvePath(String(value), setting.file) : value;
      }
      return vars;
    },
  };
}

/** `~` and relative paths, seen from the file they are written in. */
export function resolvePath(path: string, file: string | undefined): string {
  if (path === '~' || path.startsWith('~/')) return `${homedir()}${path.slice(1)}`;
  if (isAbsolute(path)) return path;
  return resolve(file === undefined ? process.cwd() : dirname(file), path);
}

/** What people write for Ansible: `yes` is true, "2379" is a number; `-e` knows only text. */
export function coerce(value: unknown, type: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'boolean') {
    if (/^(yes|on|true)$/i.test(value)) return true;
    if (/^(no|off|false)$/i.test(value)) return false;
  }
  if (type === 'integer' && /^-?(0|[1-9]\d*)$/.test(value)) return Number(value);
  return value;
}

/** NUL, newlines and escapes in a value would end up in files, commands and on screens. */
export function unsafeText(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const control = /[\x00-\x08\x0a-\x1f\x7f]/.exec(value);
    return control ? `has the control character ${JSON.stringify(control[0])}` : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const problem = unsafeText(key) ?? unsafeText(inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function wording(validate: ValidateFunction): string {
  const error = validate.errors?.[0];
  if (!error) return 'is not valid';
  const at = error.instancePath ? `${error.instancePath.slice(1)} ` : '';
  if (error.keyword === 'enum') return `${at}must be one of ${error.params.allowedValues.join(', ')}`;
  if (error.keyword === 'type')
    return `${at}must be ${article(String(error.params.type).split(',').join(' or '))}`;
  if (error.keyword === 'pattern') return `${at}must match ${error.params.pattern}`;
  return `${at}${error.message}`;
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function tell(
  host: string,
  name: string,
  setting: Setting,
  problem: string,
  problems: Problems,
  told: Set<string>,
  property: Readonly<Record<string, unknown>>,
): void {
  const { value, position } = setting;
  const where = position ? `${position.file}:${position.line}:${position.column}` : '-e';
  const key = `${name} ${where}`;
  // A group's value is looked at for each of its hosts, and told once.
  if (told.has(key)) return;
  told.add(key);
  const from = position === undefined ? ' (from --extra-vars)' : '';
  const quoted = typeof value === 'number' && property.type === 'string';
  problems.add(
    `${name} of ${host} ${problem}, found ${JSON.stringify(value)}${from}`,
    position,
    quoted
      ? `quote it: ${name}: "${value}"`
      : typeof property.description === 'string'
        ? property.description
        : undefined,
  );
}
