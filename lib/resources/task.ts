import { mistakesIn } from '../dsl/options/mistakes.ts';
import { is, must, refuse } from '../dsl/options/options.ts';
import type { TaskOptions } from '../dsl/options/task-options.ts';
import { composed } from '../dsl/resource.ts';
import { sh } from '../dsl/shell/sh.ts';
import type { HostShell } from '../dsl/shell/shell.ts';
import type { Task } from '../dsl/task.ts';
import { command, UNTIL, UNTIL_WAYS, type Until } from './command.ts';

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
  options: Until & TaskOptions,
): Task {
  return composed('task', title, options, {
    options: UNTIL,
    oneOf: UNTIL_WAYS,
    make() {
      refuse(
        mistakesIn(`task ${JSON.stringify(title)}`, { body }, { body: must(is.function<typeof body>()) }),
      );
      const planned = command(title, { ...options, run: sh`:` });
      return { ...planned, wish: { planned: planned.wish, body }, act: ($) => body({ $ }) };
    },
  });
}
