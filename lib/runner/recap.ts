import { EXIT, type ExitCode } from '../errors.ts';
import type { HostRecap, RunEvent } from './events.ts';

/** Counts events into the last line of a run. */
export class Recap {
  readonly #check: boolean;
  readonly #started = performance.now();
  /** A map: a host may have the name of what every object has (`constructor`). */
  readonly #hosts = new Map<string, HostRecap>();

  constructor(check: boolean) {
    this.#check = check;
  }

  count(event: RunEvent): void {
    if (event.event === 'play') for (const host of event.hosts) this.#host(host);
    if (event.event === 'left-over') {
      const host = this.#host(event.host);
      host.leftOver = (host.leftOver ?? 0) + 1;
    }
    if (event.event === 'step') {
      if (event.status === (this.#check ? 'planned' : 'done')) this.#host(event.host).changed += 1;
      if (event.status === 'failed') this.#host(event.host).failed += 1;
    }
    if (event.event === 'task') {
      const host = this.#host(event.host);
      host[event.status] += 1;
      if (event.handled) host[event.handled] = (host[event.handled] ?? 0) + 1;
    }
    if (event.event === 'error' && event.exitCode === EXIT.unreachable && event.host) {
      this.#host(event.host).unreachable = 1;
    }
  }

  roundTrips(host: string, count: number): void {
    this.#host(host).roundTrips = count;
  }

  hasChanged(host: string): boolean {
    const { changed = 0, failed = 0 } = this.#hosts.get(host) ?? {};
    return changed + failed > 0;
  }

  event(exitCode: ExitCode): RunEvent {
    const elapsedMs = Math.round(performance.now() - this.#started);
    return {
      event: 'recap',
      check: this.#check,
      hosts: Object.fromEntries(this.#hosts),
      elapsedMs,
      exitCode,
    };
  }

  #host(name: string): HostRecap {
    const known = this.#hosts.get(name);
    if (known) return known;
    const fresh = {
      ok: 0,
      changed: 0,
      failed: 0,
      skipped: 0,
      unknown: 0,
      unreachable: 0,
      roundTrips: 0,
    };
    this.#hosts.set(name, fresh);
    return fresh;
  }
}
