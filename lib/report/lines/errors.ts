import { formatPosition, withoutHost } from '../../errors.ts';
import type { RunEvent } from '../../runner/events.ts';
import { foldHosts } from '../hosts.ts';

export type ErrorEvent = Extract<RunEvent, { event: 'error' }>;

/** An error as lines: what happened, then task, place and hint, each where it is known and not yet said. */
export function formatError(error: ErrorEvent): string[] {
  const { body, hint } = partsOf(error);
  return [...body, ...hint];
}

/**
 * Errors that differ only in the host become one with the list of hosts, in the order they came; neighbours with
 * one hint have it once, below them.
 */
export function foldErrors(errors: readonly ErrorEvent[]): string[][] {
  const folded = new Map<string, { readonly error: ErrorEvent; readonly hosts: string[] }>();
  for (const error of errors) {
    const { host, exitCode, hint, task, position } = error;
    // Named one by one: a recorded error has its time and its run, too.
    const key = JSON.stringify([
      withoutHost(error.message, host),
      exitCode,
      hint,
      task,
      position,
      host !== undefined,
    ]);
    const same = folded.get(key);
    if (same && host !== undefined) same.hosts.push(host);
    else if (!same) folded.set(key, { error, hosts: host === undefined ? [] : [host] });
  }
  const blocks: Parts[] = [];
  for (const { error, hosts } of folded.values()) {
    const parts = partsOf(error, hosts.length > 0 ? foldHosts(hosts) : undefined);
    const last = blocks.at(-1);
    const shares = parts.hint.length > 0 && last?.hint.join('\n') === parts.hint.join('\n');
    if (last && shares) last.body.push(...parts.body);
    else blocks.push(parts);
  }
  return blocks.map(({ body, hint }) => [...body, ...hint]);
}

interface Parts {
  readonly body: string[];
  readonly hint: readonly string[];
}

function partsOf(error: ErrorEvent, where: string | undefined = error.host): Parts {
  const { task, position, hint } = error;
  const message = withoutHost(error.message, error.host);
  const [first = '', ...rest] = `${where === undefined ? '' : `${where}: `}${message.trimEnd()}`.split('\n');
  return {
    body: [
      `error: ${first}`,
      ...rest.map((line) => `    ${line}`),
      ...(task !== undefined && !message.includes(task) ? [`  task: ${task}`] : []),
      ...(position ? [`  at: ${formatPosition(position)}`] : []),
    ].flatMap((line) => line.split('\n')),
    hint: hint === undefined ? [] : `  hint: ${hint.replaceAll('\n', '\n        ')}`.split('\n'),
  };
}
