import type { World } from './world.ts';

/**
 * What follows from the names that a world knows: made once for each world, and again where one of them stands for
 * something else afterwards.
 *
 * @example
 * const things = new PerNames((world) => new Set(['path /var/run/app'].map((one) => world.thing(one))));
 * things.of(world).has('path /run/app') // where the host has that link
 */
export class PerNames<Made> {
  readonly #make: (world: World) => Made;
  readonly #known = new WeakMap<World, { readonly at: number; readonly made: Made }>();

  constructor(make: (world: World) => Made) {
    this.#make = make;
  }

  of(world: World): Made {
    const at = world.namesChanged;
    const known = this.#known.get(world);
    if (known?.at === at) return known.made;
    const made = this.#make(world);
    this.#known.set(world, { at, made });
    return made;
  }
}
