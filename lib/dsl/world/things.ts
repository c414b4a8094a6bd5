import type { Foreseen } from './foreseen.ts';

/**
 * A kind of thing that a resource keeps track of in the `World`, declared once beside the resource. `bare` is the
 * state of one that was not there before. What is `ofPlay`, tasks of one play say to each other alone.
 *
 * @example
 * const MODULES = new Slot<{ loaded: boolean }>({ loaded: false });
 * world.slot(MODULES, 'br_netfilter').willBe({ loaded: true });
 */
export class Slot<State> {
  readonly bare: State;
  readonly ofPlay: boolean;

  constructor(bare: State, { ofPlay = false } = {}) {
    this.bare = bare;
    this.ofPlay = ofPlay;
  }
}

/** What is foreseen of things, slot by slot. */
export class Things {
  readonly #known: Map<Slot<unknown>, Map<string, object | null>>;
  /** States of things that are made anew after they were taken away. */
  readonly #anew: WeakSet<object>;

  constructor(from?: Things) {
    this.#known = new Map([...(from ? from.#known : [])].map(([slot, things]) => [slot, new Map(things)]));
    this.#anew = from ? from.#anew : new WeakSet();
  }

  /** Forgets what tasks of one play say to each other alone. */
  endPlay(): void {
    for (const slot of this.#known.keys()) if (slot.ofPlay) this.#known.delete(slot);
  }

  /** What was said last of each thing in a slot. */
  of(slot: Slot<unknown>): Map<string, object | null> {
    let things = this.#known.get(slot);
    if (things === undefined) {
      things = new Map();
      this.#known.set(slot, things);
    }
    return things;
  }

  /** `isProof`: what was observed is newer than what was foreseen. */
  foreseen<State>(slot: Slot<State>, name: string, isProof: boolean): Foreseen<State> {
    const things = this.of(slot);
    const anew = this.#anew;
    return {
      get state() {
        return things.get(name) as Partial<State> | null | undefined;
      },
      willBe: (state) => {
        const before = things.get(name);
        const next = { ...before, ...state };
        if (before === null || (before && anew.has(before))) anew.add(next);
        things.set(name, next);
      },
      willBeAbsent: () => void things.set(name, null),
      over: (observed) => {
        const state = things.get(name) as Partial<State> | null | undefined;
        if (isProof || state === undefined) return observed;
        if (state === null) return undefined;
        // What was read is of the one that goes.
        return { ...slot.bare, ...(anew.has(state) ? {} : observed), ...state };
      },
    };
  }
}
