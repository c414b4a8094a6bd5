import type { TaskOptions } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';
import type { HostShell } from '../dsl/shell.ts';
import type { Task } from '../dsl/task.ts';
import { type CommandDesired, command } from './command.ts';

/** How a function tells that it has nothing to do: the same ways as a command's. */
type Until<Desired = CommandDesired> = Desired extends unknown ? Omit<Desired, 'name' | 'run'> : never;

/**
 * The way out of the declarative: a function on control that works on the host with zx's `$`, for what needs
 * the answer of one command to make the next. It is planned and proven like a command, and it costs a round
 * trip a call.
 *
 * @example
 * task(
 *   'the newest dump is loaded',
 *   async ({ $ }) => {
 *     const { lines } = await $`ls -t /srv/dumps`;
 *     await $`app-load ${`/srv/dumps/${lines[0]}`}`;
 *   },
 *   { unless: sh`app-has-data` },
 * )
 */
export function task(
  title: string,
  body: (tools: { readonly $: HostShell }) => Promise<void>,
  until: Until,
  options: TaskOptions = {},
): Task {
  const planned = command({ ...until, name: title, run: sh`:` } as CommandDesired, options);
  return { ...planned, wish: { until, body }, act: ($) => body({ $ }) };
}
