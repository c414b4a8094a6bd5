import { resolve } from 'node:path';
import { keepMasked } from '../../dsl/secret.ts';
import { environment } from '../../environment.ts';
import type { Position } from '../../errors.ts';
import { folderOf } from '../../root.ts';
import { isSecret } from '../../secret-names.ts';
import {
  isKept,
  isRawList,
  keyText,
  Numeral,
  type Raw,
  Unsafe,
  type Variable,
  Vaulted,
} from '../variables/value.ts';
import { Sealed, type Step, TemplateError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { mapping } from './filters/collections.ts';
import { toPlain } from './filters/data.ts';
import type { Scope } from './names.ts';
import { bind } from './plugin.ts';
import { parse } from './syntax/parse.ts';
import { Callable, Dict, defined, isList, Omit, textOf, Undefined, type Value } from './values.ts';

export { Sealed, TemplateError } from './errors.ts';

/** All that templates may know. */
export interface TemplateWorld {
  /** In the inventory's order. */
  readonly hosts: readonly string[];
  /** Hosts of each group, those of its children included. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** A host's variables as they are written, the one of each name that counts. */
  variablesOf(host: string): ReadonlyMap<string, Variable>;
  /** The groups a host is in, without `all`. */
  groupsOf(host: string): readonly string[];
  /** The file in which a host is listed. */
  fileOf(host: string): string;
  readonly playbookFolder: string;
  /** They know the host's own variables, and no other's: `hostvars`, `groups` and `playbook_dir` are not there. */
  readonly alone?: boolean;
  openVault(armoured: string, position: Position | undefined): Promise<string>;
}

interface Known {
  readonly value: Value;
  readonly secret: boolean;
}

/** Templates inside of templates, and values inside of values; deeper is a circle. */
const DEEPEST = 100;

/** Evaluates the variables of all hosts, each when it is read; what was evaluated is kept. */
export class Templar {
  readonly #world: TemplateWorld;
  readonly #opened: (armoured: string) => string | undefined;
  readonly #known = new Map<string, Map<Variable, Known>>();
  readonly #scopes = new Map<string, HostScope>();
  readonly #shared: ReadonlyMap<string, Value>;
  /** Templates under way, the outermost first. */
  readonly #steps: Step[] = [];
  /** For each value under way, whether a secret went into it. */
  readonly #secrets: boolean[] = [];

  constructor(world: TemplateWorld, opened: (armoured: string) => string | undefined) {
    this.#world = world;
    this.#opened = opened;
    this.#shared = new Map<string, Value>([
      ...(world.alone ? [] : this.#others(world)),
      ['omit', new Omit()],
      [
        'lookup',
        new Callable('lookup', (args, named) => this.#lookup(args, named, named.get('wantlist') === true)),
      ],
      ...['query', 'q'].map(
        (name) => [name, new Callable(name, (args, named) => this.#lookup(args, named, true))] as const,
      ),
    ]);
  }

  #others(world: TemplateWorld): readonly (readonly [string, Value])[] {
    return [
      ['hostvars', new Dict(world.hosts, (host) => this.#scope(String(host)).all)],
      ['groups', Dict.of(world.groups)],
      ['playbook_dir', resolve(world.playbookFolder)],
    ];
  }

  /**
   * A plain value; undefined for `omit`. `exact` keeps each `Numeral` as it is. Throws TemplateError, or Sealed where a
   * vault is to be opened first.
   */
  evaluate(host: string, variable: Variable, exact: boolean): unknown {
    return this.#plain(() => this.#read(host, variable), exact);
  }

  /** The exact value of an expression without its brackets. */
  expression(host: string, variable: Variable, text: string): unknown {
    return this.#plain(() => this.#template({ host, variable, path: variable.name }, `{{ ${text} }}`), true);
  }

  /** Values of ours out of what templates work on; what a secret went into is masked from here on. */
  #plain(read: () => Value, exact: boolean, outer = false, depth = 0): unknown {
    if (depth > DEEPEST) throw new TemplateError('this goes round in a circle');
    const { value, secret } = this.#tracked(() => defined(read()));
    const inner = (part: () => Value) => this.#plain(part, exact, outer || secret, depth + 1);
    if (value instanceof Omit) return undefined;
    if (isList(value)) return value.map((item) => inner(() => item));
    if (value instanceof Dict)
      return Object.fromEntries(
        value.keys().map((key) => [keyText(key), inner(() => value.get(key) ?? null)]),
      );
    const plain = toPlain(value);
    if ((outer || secret) && (typeof plain === 'string' || typeof plain === 'number'))
      keepMasked(String(value));
    return exact && value instanceof Numeral ? value : plain;
  }

  #read(host: string, variable: Variable): Value {
    const known = this.#known.get(host) ?? new Map<Variable, Known>();
    this.#known.set(host, known);
    const found =
      known.get(variable) ??
      this.#tracked(() => {
        if (isSecret(variable.name, variable.value) || variable.secret) this.#taint();
        return this.#fromRaw({ host, variable, path: variable.name }, variable.value);
      });
    known.set(variable, found);
    if (found.secret) this.#taint();
    return found.value;
  }

  #fromRaw(step: Step, raw: Raw): Value {
    if (typeof raw === 'string') return isTemplate(raw) ? this.#template(step, raw) : raw;
    if (raw === null || typeof raw !== 'object' || isKept(raw)) return raw;
    if (raw instanceof Unsafe) return raw.text;
    if (raw instanceof Vaulted) return this.#open(raw);
    const part = (of: string, one: Raw) =>
      orUndefined(() => this.#fromRaw({ ...step, path: `${step.path}${of}` }, one));
    if (isRawList(raw))
      return raw.map((one, at) => part(`[${at}]`, one)).filter((one) => !(one instanceof Omit));
    return new Dict(raw.keys(), (key) => part(`.${key}`, raw.get(key) ?? null));
  }

  #template(step: Step, text: string): Value {
    this.#refuseCircle(step);
    this.#steps.push(step);
    try {
      const value = evaluate(parse(text), this.#scope(step.host));
      return value instanceof Undefined ? new Undefined(this.#placed(value.error())) : value;
    } catch (error) {
      throw error instanceof TemplateError ? this.#placed(error) : error;
    } finally {
      this.#steps.pop();
    }
  }

  #refuseCircle({ host, path }: Step): void {
    const at = this.#steps.findIndex((step) => step.host === host && step.path === path);
    if (at < 0 && this.#steps.length < DEEPEST) return;
    if (at < 0) throw new TemplateError('templates go too deep');
    const names = this.#steps
      .slice(at)
      .map((step) => (step.host === host ? step.path : `${step.path} of ${step.host}`));
    throw new TemplateError(`it needs itself: ${[...names, path].join(', ')}`);
  }

  #placed(error: TemplateError): TemplateError {
    if (error.trail.length > 0) return error;
    return new TemplateError(error.message, error.missing, [...this.#steps]);
  }

  #open(vaulted: Vaulted): string {
    const text = this.#opened(vaulted.armoured);
    if (text === undefined) throw new Sealed(vaulted);
    this.#taint();
    return text;
  }

  #tracked<T extends Value>(work: () => T): { readonly value: T; readonly secret: boolean } {
    const at = this.#secrets.push(false) - 1;
    try {
      const value = work();
      return { value, secret: this.#secrets[at] === true };
    } finally {
      if (this.#secrets.pop()) this.#taint();
    }
  }

  #taint(): void {
    if (this.#secrets.length > 0) this.#secrets[this.#secrets.length - 1] = true;
  }

  #scope(host: string): HostScope {
    const known = this.#scopes.get(host);
    if (known) return known;
    const variables = this.#world.variablesOf(host);
    const file = resolve(this.#world.fileOf(host));
    const own = new Map<string, Value>([
      ['inventory_hostname', host],
      ['inventory_hostname_short', host.split('.')[0] ?? host],
      [
        'group_names',
        this.#world
          .groupsOf(host)
          .filter((group) => group !== 'all')
          .sort(),
      ],
      ['inventory_file', file],
      ['inventory_dir', folderOf(file)],
    ]);
    const get = (name: string): Value | undefined => {
      if (name === 'vars') return scope.all;
      const magic = own.get(name) ?? this.#shared.get(name);
      if (magic !== undefined) return magic;
      const variable = variables.get(name);
      return variable && orUndefined(() => this.#read(host, variable));
    };
    const scope: HostScope = {
      get,
      all: new Dict([...variables.keys(), ...own.keys()], (name) => get(String(name)) ?? null),
    };
    this.#scopes.set(host, scope);
    return scope;
  }

  #lookup(
    [kind = '', ...terms]: readonly Value[],
    named: ReadonlyMap<string, Value>,
    asList: boolean,
  ): Value {
    const name = textOf(kind).replace(/^ansible\.(builtin|legacy)\./, '');
    const find = Object.hasOwn(this.#lookups, name) ? this.#lookups[name] : undefined;
    if (find === undefined) throw new TemplateError(`the lookup "${name}" is not known here`);
    const usual = bind('default wantlist errors', [], named).get('default');
    const found = terms.flatMap((term) => find(term, usual));
    if (asList) return found;
    const isText = found.every((one) => typeof one === 'string');
    return found.length === 1 ? (found[0] ?? '') : isText ? found.join(',') : found;
  }

  /** What each lookup makes of one of its terms. */
  readonly #lookups: Readonly<Record<string, (term: Value, usual: Value | undefined) => readonly Value[]>> = {
    env: (term, usual = '') => {
      if (isSecret(textOf(term))) this.#taint();
      return [environment()[textOf(term)] ?? usual];
    },
    vars: (term, usual) => {
      const host = this.#steps.at(-1)?.host;
      const found = host === undefined ? undefined : this.#scope(host).get(textOf(term));
      return [found ?? usual ?? new Undefined(`the variable "${textOf(term)}" is not set`)];
    },
    dict: (term) =>
      mapping(term)
        .entries()
        .map(([key, value]) =>
          Dict.of([
            ['key', key],
            ['value', value],
          ]),
        ),
    items: (term) => (isList(term) ? term : [term]),
  };
}

interface HostScope extends Scope {
  /** What `hostvars[HOST]` is. */
  readonly all: Dict;
}

/** Jinja's marks. */
function isTemplate(text: string): boolean {
  return /\{[{%#]/.test(text);
}

/** What is missing may be given a default by who uses it; everything else is thrown. */
function orUndefined(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof TemplateError && error.missing) return new Undefined(error);
    throw error;
  }
}
