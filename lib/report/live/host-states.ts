import type { Progress, RunEvent } from '../../runner/events.ts';
import { anonymous } from '../diff/changes.ts';
import { oneLine } from '../text.ts';

export interface HostState {
  readonly name: string;
  /** `waiting`: it has not begun, or stands at a barrier with something left to be done. */
  readonly state: 'waiting' | 'busy' | 'done' | 'failed';
  /** What it is doing, or why it failed; on one line and free of control characters. */
  readonly doing: string;
  /** The same without the host's own name: equal for hosts at the same step. */
  readonly step: string;
  /** When the step began, in ms since the epoch. */
  readonly since: number;
  readonly ok: number;
  readonly changed: number;
  /** Planned tasks that are not applied yet. */
  readonly due: number;
}

/** What every host is doing, and how far it is: made from the event stream, read by the live view. */
export class HostStates {
  readonly #hosts = new Map<string, HostState>();
  readonly #steps = new Map<string, number>();
  readonly started = Date.now();

  get hosts(): readonly HostState[] {
    return [...this.#hosts.values()];
  }

  /** Rank of a step by when it was first seen: hosts flow through steps that stay in place. */
  rank(step: string): number {
    return this.#steps.get(step) ?? 0;
  }

  take(event: RunEvent): void {
    if (event.event === 'start') for (const name of event.hosts) this.#set(name, {});
    if (event.event === 'task') this.#count(event);
    if (event.event === 'error' && event.host !== undefined) {
      const { host, message } = event;
      const text = message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
      this.#doing(host, 'failed', text.split('\n')[0] ?? '');
    }
  }

  progress({ host, doing, due }: Progress): void {
    const now = this.#set(host, due === undefined ? {} : { due });
    if (now.state === 'failed') return;
    if (doing !== undefined) this.#doing(host, 'busy', doing);
    else this.#doing(host, now.due === 0 && now.ok + now.changed > 0 ? 'done' : 'waiting', '');
  }

  #count({ host, task, status, handled }: Extract<RunEvent, { event: 'task' }>): void {
    if (status === 'failed' && handled) return;
    if (status === 'failed') {
      this.#doing(host, 'failed', task);
      return;
    }
    const { ok, changed } = this.#set(host, {});
    const changes = status === 'changed' || status === 'unknown';
    this.#set(host, changes ? { changed: changed + 1 } : { ok: ok + 1 });
  }

  #doing(name: string, state: HostState['state'], text: string): void {
    const before = this.#hosts.get(name);
    const doing = oneLine(text);
    if (before?.state === state && before.doing === doing) return;
    const step = anonymous(doing, name);
    if (!this.#steps.has(step)) this.#steps.set(step, this.#steps.size);
    this.#set(name, { state, doing, step, since: Date.now() });
  }

  #set(name: string, fields: Partial<HostState>): HostState {
    const fresh = {
      name,
      state: 'waiting',
      doing: '',
      step: '',
      since: Date.now(),
      ok: 0,
      changed: 0,
      due: 0,
    } as const;
    const host = { ...(this.#hosts.get(name) ?? fresh), ...fields };
    this.#hosts.set(name, host);
    return host;
  }
}
