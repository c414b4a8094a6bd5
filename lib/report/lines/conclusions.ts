import type { RunEvent } from '../../runner/events.ts';

/** A table about a cluster, and the hosts that it is about. */
interface Shown {
  readonly cluster: string;
  readonly hosts: readonly string[];
  readonly table: string;
}

/** Keeps for the end what clusters are like and what a playbook concludes (`cluster prod is healthy`). */
export class Conclusions {
  /** What the last line of the report repeats. */
  readonly sentences: string[] = [];
  readonly #shown: Shown[] = [];
  #hosts: readonly string[] = [];

  /** True when the event was kept, and is not to be printed now. */
  take(event: RunEvent): boolean {
    if (event.event === 'start') this.#hosts = event.hosts;
    const shown = shownBy(event);
    if (shown) this.#shown.push(shown);
    const concludes = event.event === 'log' && event.conclusion === true;
    if (concludes) this.sentences.push(event.message);
    return shown !== undefined || concludes;
  }

  /** Tables in the order of the inventory, each below its name where they are several. */
  get tables(): readonly { readonly name: string | undefined; readonly table: string }[] {
    const place = ({ hosts }: Shown) =>
      Math.min(...hosts.map((host) => this.#hosts.indexOf(host)).filter((index) => index >= 0));
    const sorted = [...this.#shown].sort((a, b) => place(a) - place(b));
    return sorted.map(({ cluster, table }) => ({ name: sorted.length > 1 ? cluster : undefined, table }));
  }
}

function shownBy(event: RunEvent): Shown | undefined {
  switch (event.event) {
    case 'cluster':
      return { ...event, hosts: event.members.map(({ host }) => host) };
    case 'certificates':
      return { ...event, hosts: event.certificates.map(({ host }) => host) };
    case 'history':
      return { cluster: 'history', hosts: [], table: event.table };
    default:
      return undefined;
  }
}
