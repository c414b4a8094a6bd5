import { oneLine } from '../dsl/edit.ts';
import { is, must } from '../dsl/options.ts';
import { composed } from '../dsl/resource.ts';
import type { Task } from '../dsl/task.ts';
import type { TaskOptions } from '../dsl/task-options.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { file } from './file.ts';

export interface CronOptions extends TaskOptions {
  /** Five fields, or a word: `0 3 * * *`, `@daily`. */
  readonly schedule: string;
  /** One line, for the shell of cron. A `%` stands for itself. */
  readonly run: string;
  /** Who runs it; root unless said. */
  readonly user?: string;
}

/**
 * A job of cron, in a file of its own below `/etc/cron.d`: other jobs, in crontabs or there, are not touched. On hosts
 * with systemd a `timer` does the same, with a log of its own.
 *
 * @example
 * cron('site-backup', { schedule: '0 3 * * *', run: 'tar -czf /var/backups/site.tgz -C /srv www' })
 */
export function cron(name: string, options: CronOptions): Task {
  return composed('cron', name, options, {
    options: { schedule: must(is.text), run: must(is.text), user: is.text },
    make: () => cronFile(name, options),
  });
}

function cronFile(name: string, { schedule, run, user = 'root', ...options }: CronOptions): Task {
  // cron passes over files with a dot in their name, without a word.
  if (!/^[\w-]+$/.test(name))
    throw wrong(`${JSON.stringify(name)} is no name of a job`, 'take letters, digits, _ and -');
  const when = oneLine('schedule', schedule).trim();
  if (!/^(@\w+|\S+(\s+\S+){4})$/.test(when)) {
    throw wrong(
      `${JSON.stringify(schedule)} is no schedule`,
      "write five fields, or a word: '0 3 * * *', '@daily'",
    );
  }
  if (!/^[\w.-]+\$?$/.test(user)) throw wrong(`${JSON.stringify(user)} is no user`, 'name one user');
  const line = `${when} ${user} ${oneLine('command', run).replaceAll('%', '\\%')}`;
  return file(`/etc/cron.d/${name}`, { content: `${line}\n`, title: `${name} runs at ${when}`, ...options });
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}
