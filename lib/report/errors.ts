import { formatPosition } from '../errors.ts';
import type { RunEvent } from '../runner/events.ts';
import { foldHosts } from './hosts.ts';

export type ErrorEvent = Extract<RunEvent, { event: 'error' }>;

/** An error as lines: what happened, then task, place and hint, each where it is known and not yet said. */
export function formatError(error: ErrorEvent, hosts?: readonly string[]): string[] {
  const { host, task, position, hint } = error;
  const where = hosts ? foldHosts(hosts) : host;
  const message = withoutHost(error);
  const [first = '', ...rest] = `${where === undefined ? '' : `${where}: `}${message.trimEnd()}`.split('\n');
  return [
    `error: ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(task !== undefined && !message.includes(task) ? [`  task: ${task}`] : []),
    ...(position ? [`  at: ${formatPosition(position)}`] : []),
    ...(hint !== undefined ? [`  hint: ${hint.split('\n').join('\n        ')}`] : []),
  ].flatMap((line) => line.split('\n'));
}

/** Errors that differ only in the host become one with the list of hosts, in the order they came. */
export function foldErrors(errors: readonly ErrorEvent[]): string[][] {
  const folded = new Map<string, { readonly error: ErrorEvent; readonly hosts: string[] }>();
  for (const error of errors) {
    const { host, event: _event, ...rest } = error;
    const key = JSON.stringify({ ...rest, message: withoutHost(error), hosted: host !== undefined });
    const same = folded.get(key);
    if (same && host !== undefined) same.hosts.push(host);
    else if (!same) folded.set(key, { error, hosts: host === undefined ? [] : [host] });
  }
  return [...folded.values()].map(({ error, hosts }) =>
    formatError(error, hosts.length > 0 ? hosts : undefined),
  );
}

/** Messages often start with the host's name; it is put there again, once. */
function withoutHost({ host, message }: ErrorEvent): string {
  return host !== undefined && message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}
