import type { ClusterState } from '../dsl/cluster-state.ts';
import type { RunEvent } from '../runner/events.ts';

/** Keeps for the end what clusters are like and what a playbook concludes (`cluster prod is healthy`). */
export class Conclusions {
  /** What the last line of the report repeats. */
  readonly sentences: string[] = [];
  readonly #clusters: ClusterState[] = [];
  #hosts: readonly string[] = [];

  /** True when the event was kept, and is not to be printed now. */
  take(event: RunEvent): boolean {
    if (event.event === 'start') this.#hosts = event.hosts;
    if (event.event === 'cluster') this.#clusters.push(event);
    const concludes = event.event === 'log' && event.conclusion === true;
    if (concludes) this.sentences.push(event.message);
    return event.event === 'cluster' || concludes;
  }

  /** Tables in the order of the inventory, each below its name where they are several. */
  get tables(): readonly { readonly name: string | undefined; readonly table: string }[] {
    const place = ({ members }: ClusterState) =>
      Math.min(...members.map(({ host }) => this.#hosts.indexOf(host)).filter((index) => index >= 0));
    const sorted = [...this.#clusters].sort((a, b) => place(a) - place(b));
    return sorted.map(({ cluster, table }) => ({ name: sorted.length > 1 ? cluster : undefined, table }));
  }
}
