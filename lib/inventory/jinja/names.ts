import type { Value } from './values.ts';

/** Where names are looked up; undefined for one that is not there. */
export interface Scope {
  get(name: string): Value | undefined;
}

/** Names that a template sets, on top of others. */
export class Names implements Scope {
  readonly #own = new Map<string, Value>();
  readonly #outer: Scope;

  constructor(outer: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#outer.get(name);
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value);
  }
}
