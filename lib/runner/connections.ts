import type { Host } from '../transport/host.ts';

/** A host that can be connected. */
export interface Connectable {
  readonly name: string;
  connect(): Promise<Host>;
}

/** The connections of a run: one a host for all plays, and those made beside it. */
export class Connections {
  readonly #first = new Map<string, Promise<Host>>();
  readonly #further: { readonly name: string; readonly host: Host }[] = [];

  /** The host's connection; made once, also when that failed. */
  of({ name, connect }: Connectable): Promise<Host> {
    const known = this.#first.get(name);
    if (known) return known;
    const made = connect();
    this.#first.set(name, made);
    return made;
  }

  /** One more, which its taker closes. */
  async anew({ name, connect }: Connectable): Promise<Host> {
    const host = await connect();
    this.#further.push({ name, host });
    return host;
  }

  /** Closes them all, and tells the round trips of each host. */
  async close(tell: (name: string, roundTrips: number) => void): Promise<void> {
    for (const [name, connection] of this.#first) {
      try {
        const host = await connection;
        const beside = this.#further.filter((one) => one.name === name);
        tell(
          name,
          beside.reduce((sum, one) => sum + one.host.roundTrips, host.roundTrips),
        );
        await host.close();
      } catch {
        // It never connected, and said so.
      }
    }
  }
}
