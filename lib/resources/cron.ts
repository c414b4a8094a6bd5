import { oneLine } from '../dsl/edit.ts';
import { is, must, usage } from '../dsl/options/options.ts';
import type { TaskOptions } from '../dsl/options/task-options.ts';
import { composed } from '../dsl/resource.ts';
import { usualMode } from '../dsl/secret.ts';
import { sh } from '../dsl/shell/sh.ts';
import type { Task } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { file } from './file.ts';

export interface CronOptions extends Omit<TaskOptions, 'environment'> {
  readonly environment?: never;
  /** Five fields, or a word: `0 3 * * *`, `@daily`. */
  readonly schedule: string;
  /** One line, for the shell of cron. A `%` stands for itself: no backslash before it. */
  readonly run: string;
  /** Who runs it; root unless said. */
  readonly user?: string;
}

/**
 * A job of cron, in a file of its own below `/etc/cron.d`: other jobs, in crontabs or there, are not touched. Where the
 * user's crontab or `/etc/crontab` has the very same, a new one is refused: it would run twice. On hosts with systemd a `timer` does the same, with
 * a log of its own.
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

function cronFile(
  name: string,
  { schedule, run, user = 'root', environment, ...options }: CronOptions,
): Task {
  if (environment !== undefined)
    throw usage(
      `cron ${JSON.stringify(name)}: environment would not reach the job`,
      "write it in front: run: 'NAME=value backup'",
    );
  // cron passes over files with a dot in their name, without a word.
  if (!/^[\w-]+$/.test(name))
    throw wrong(`${JSON.stringify(name)} is not the name of a job`, 'take letters, digits, _ and -');
  const when = oneLine('schedule', schedule).trim();
  // With one line that it does not understand cron passes over the whole file, without a word.
  if (!WORDS.has(when) && !isSchedule(when)) {
    throw wrong(
      `${JSON.stringify(schedule)} is not a schedule`,
      "write five fields, or a word: '0 3 * * *', '@daily'",
    );
  }
  if (!/^[\w.-]+\$?$/.test(user)) throw wrong(`${JSON.stringify(user)} is not a user`, 'name one user');
  if (run.includes('\\%'))
    throw wrong(`the job ${name} has \\% in its command`, 'leave the backslash out: a % stands for itself');
  const path = `/etc/cron.d/${name}`;
  const job = oneLine('command', run).replaceAll('%', '\\%');
  return file(path, {
    content: `${when} ${user} ${job}\n`,
    // It passes over a file that somebody else owns or may write, too, and over one for a user who is not there.
    owner: 'root',
    group: 'root',
    mode: usualMode(job),
    validate: () => sh`id -u ${user} >/dev/null 2>&1 || { echo ${`there is no user ${user}`}; exit 1; }
q_alone() {
  if [ -f "$1" ] && tr -s ' \t' ' ' <"$1" | sed 's/^ //; s/ $//' | grep -qxF -e "$2"; then
    echo "it would run twice: $1 has the same job, take it out there"; exit 1
  fi
}
for q_at in ${CRONTABS.map((folder) => `${folder}/${user}`)}; do q_alone "$q_at" ${squeezed(`${when} ${job}`)}; done
q_alone /etc/crontab ${squeezed(`${when} ${user} ${job}`)}`,
    title: `${name} runs at ${when}`,
    ...options,
  });
}

/** Where users have their own jobs: on Debian, on Red Hat, and with busybox. */
const CRONTABS = ['/var/spool/cron/crontabs', '/var/spool/cron', '/etc/crontabs'];

function squeezed(line: string): string {
  return line.replace(/[ \t]+/g, ' ').trim();
}

const WORDS = new Set(
  ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'midnight', 'hourly'].map(
    (one) => `@${one}`,
  ),
);

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

/** What each of the five fields may be: its smallest number, its largest, and names from the smallest on. */
const FIELDS: readonly (readonly [least: number, most: number, names: readonly string[]])[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, MONTHS],
  [0, 7, DAYS],
];

/** Five fields of crontab(5). */
function isSchedule(text: string): boolean {
  const fields = text.split(/\s+/);
  return (
    fields.length === FIELDS.length &&
    fields.every((field, i) => field.split(',').every((one) => isPart(one, i)))
  );
}

/** `*`, a number or a range, each perhaps with a step: `1-5/2`. Some have `~` for a time by chance. */
function isPart(part: string, field: number): boolean {
  const [least, most, names] = FIELDS[field] as (typeof FIELDS)[number];
  const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  if (range === '' || Number(step) < 1) return false;
  if (range === '*') return true;
  const ends = range.split(/[-~]/).map((end) => {
    const name = names.indexOf(end.toLowerCase());
    return name >= 0 ? name + least : /^\d+$/.test(end) ? Number(end) : Number.NaN;
  });
  const [from = Number.NaN, to = from] = ends;
  return ends.length <= 2 && from >= least && to <= most && from <= to;
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}
