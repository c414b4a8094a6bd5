import type { Progress } from '../../runner/events.ts';
import { anonymous } from '../diff/changes.ts';
import { foldHosts } from '../hosts.ts';
import { count, oneLine } from '../text.ts';

const PACE = 10_000;
const LINES = 5;

/** Tells of hosts that have been at one step for ten seconds or more, every ten seconds. */
export function createHeartbeat(print: (lines: readonly string[]) => void): {
  progress(progress: Progress): void;
  stop(): void;
} {
  const busy = new Map<string, { readonly doing: string; readonly since: number }>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const beat = () => {
    const steps = new Map<string, { readonly hosts: string[]; since: number }>();
    const now = Date.now();
    for (const [host, { doing, since }] of busy) {
      if (now - since < PACE - 100) continue;
      const key = anonymous(doing, host);
      const step = steps.get(key) ?? { hosts: [], since };
      step.hosts.push(host);
      step.since = Math.min(step.since, since);
      steps.set(key, step);
    }
    const lines = [...steps].map(([doing, { hosts, since }]) => {
      const step = hosts.length === 1 ? (busy.get(hosts[0] as string)?.doing ?? doing) : doing;
      return `still at it after ${Math.round((now - since) / 1000)} s: ${foldHosts(hosts)}: ${oneLine(step)}`;
    });
    const rest = lines.length - LINES;
    print(rest > 0 ? [...lines.slice(0, LINES), `… and at ${count(rest, 'other step')}`] : lines);
  };
  return {
    progress({ host, doing }) {
      if (doing === undefined) busy.delete(host);
      else if (busy.get(host)?.doing !== doing) busy.set(host, { doing, since: Date.now() });
      if (!stopped) timer ??= setInterval(beat, PACE).unref();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
