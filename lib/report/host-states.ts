import type { Progress, RunEvent } from '../runner/events.ts';

export interface HostState {
  readonly name: string;
  /** `idle`: not begun, or between two steps. */
  state: 'waiting' | 'busy' | 'done' | 'failed';
  doing: string;
  /** When `doing` began, ms. */
  since: number;
  ok: number;
  changed: number;
}

/** What every host is doing now, and how far it is; made from the event stream, read by the live view. */
export class HostStates {
  readonly hosts = new Map<string, HostState>();
  readonly started = Date.now();
  play = '';

  take(event: RunEvent): void {
    if (event.event === 'start') for (const name of event.hosts) this.#host(name);
    if (event.event === 'play') this.play = event.play;
    if (event.event === 'task') {
      const host = this.#host(event.host);
      if (event.status === 'failed') this.#fail(host, event.task);
      else if (event.status === 'changed' || event.status === 'unknown') host.changed += 1;
      else host.ok += 1;
    }
    if (event.event === 'error' && event.host !== undefined) {
      const { host, message } = event;
      const text = message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
      this.#fail(this.#host(host), text.split('\n')[0] ?? '');
    }
  }

  progress({ host: name, doing }: Progress): void {
    const host = this.#host(name);
    if (host.state === 'failed') return;
    if (doing === undefined) {
      host.state = host.ok + host.changed > 0 ? 'done' : 'waiting';
      host.doing = '';
    } else if (host.state !== 'busy' || host.doing !== doing) {
      Object.assign(host, { state: 'busy', doing, since: Date.now() });
    }
  }

  #fail(host: HostState, doing: string): void {
    Object.assign(host, { state: 'failed', doing });
  }

  #host(name: string): HostState {
    let host = this.hosts.get(name);
    if (!host) {
      host = { name, state: 'waiting', doing: '', since: Date.now(), ok: 0, changed: 0 };
      this.hosts.set(name, host);
    }
    return host;
  }
}
