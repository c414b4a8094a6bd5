import { TemplateError } from './errors.ts';
import { Callable, Dict, equal, Undefined, type Value } from './values.ts';

const PARTS: ReadonlySet<string> = new Set(
  'index index0 revindex revindex0 first last length previtem nextitem depth depth0 cycle changed'.split(' '),
);

/** `loop` in one turn, whose parts are worked out when they are read. */
export class Turn extends Dict {
  /** `loop(items)`: the same for other items. */
  readonly again: (items: Value) => Value;

  constructor(read: (part: string) => Value, again: (items: Value) => Value) {
    super(PARTS, (part) => read(String(part)));
    this.again = again;
  }
}

/** A loop over items; `again` goes through others, where the loop is recursive. */
export class Loop {
  readonly #items: readonly Value[];
  readonly #depth: number;
  readonly #again: false | ((items: Value) => Value);
  /** What `loop.changed()` was told before. */
  #seen: readonly Value[] | undefined;

  constructor(items: readonly Value[], depth: number, again: false | ((items: Value) => Value)) {
    this.#items = items;
    this.#depth = depth;
    this.#again = again;
  }

  at(index: number): Turn {
    const [items, last] = [this.#items, this.#items.length - 1];
    const neighbour = (at: number) => items[at] ?? new Undefined('there is no such item of the loop');
    const parts: Readonly<Record<string, () => Value>> = {
      index: () => index + 1,
      index0: () => index,
      revindex: () => last - index + 1,
      revindex0: () => last - index,
      first: () => index === 0,
      last: () => index === last,
      length: () => items.length,
      previtem: () => neighbour(index - 1),
      nextitem: () => neighbour(index + 1),
      depth: () => this.#depth + 1,
      depth0: () => this.#depth,
      cycle: () => new Callable('cycle', (args) => cycled(args, index)),
      changed: () => new Callable('changed', (args) => this.#changed(args)),
    };
    return new Turn((part) => parts[part]?.() ?? null, this.#again || refused);
  }

  #changed(args: readonly Value[]): boolean {
    const isSame = this.#seen !== undefined && equal(this.#seen, args);
    this.#seen = args;
    return !isSame;
  }
}

function cycled(args: readonly Value[], index: number): Value {
  if (args.length === 0) throw new TemplateError('loop.cycle() wants values');
  return args[index % args.length] ?? null;
}

function refused(): Value {
  throw new TemplateError('loop() wants {% for … recursive %}');
}
