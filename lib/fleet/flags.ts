import type { OwnFlag } from '../cli/flags/flags.ts';
import type { Options } from '../cli/flags/options.ts';
import { commandLine } from '../command-line.ts';
import { EXIT, QuorateError } from '../errors.ts';

/** Where runs are kept. */
const KEPT_IN = ['redis', 'fleet'] as const;

/** What a run is like, whether it begins now or by a schedule. */
const ORDERED = [
  ...['clusters', 'shards', 'waves', 'errors', 'attempts', 'backoff', 'patience', ...KEPT_IN],
  ...['check', 'message'],
] as const;

/** What `fleet` can be asked to do, with the flags that each takes; `-y` goes with all. */
const VERBS = {
  run: [...ORDERED, 'concurrency', 'detach', 'report'],
  worker: [...KEPT_IN, 'concurrency', 'name', 'takeover'],
  status: [...KEPT_IN, 'watch'],
  cancel: KEPT_IN,
  retry: [...KEPT_IN, 'detach', 'report'],
  logs: [...KEPT_IN, 'report', 'diff', 'verbose'],
  schedule: [...ORDERED, 'cron', 'tz', 'name', 'list', 'remove'],
} satisfies Readonly<Record<string, readonly string[]>>;

export type Verb = keyof typeof VERBS;

export const FLEET_FLAGS: readonly OwnFlag[] = [
  {
    name: 'clusters',
    type: 'string',
    multiple: true,
    placeholder: 'GLOB',
    description: "inventories, one a cluster, as in 'inventories/*.yaml'; repeatable",
  },
  {
    name: 'shards',
    type: 'string',
    placeholder: 'N',
    description: 'split each inventory into N jobs, each with a part of its hosts',
  },
  {
    name: 'waves',
    type: 'string',
    placeholder: 'SIZES',
    description: 'how many clusters first, and then, as in 1,10%,100% (default: all at once)',
  },
  {
    name: 'errors',
    type: 'string',
    placeholder: 'N',
    description: 'how many clusters of a wave may fail, as in 2 or 5% (default: 0; with --check all)',
  },
  {
    name: 'attempts',
    type: 'string',
    placeholder: 'N',
    description: 'how often a job is begun whose hosts are out of reach or locked (default: 3)',
  },
  {
    name: 'backoff',
    type: 'string',
    placeholder: 'TIME',
    description: 'before the second attempt; then twice as long each time (default: 10s)',
  },
  {
    name: 'patience',
    type: 'string',
    placeholder: 'TIME',
    description: 'how long a job waits for a worker that has the same code and inventory (default: 2m)',
  },
  {
    name: 'redis',
    type: 'string',
    placeholder: 'URL',
    description: 'redis:// or rediss:// (TLS); better in QUORATE_REDIS_URL: a command line can be seen',
  },
  {
    name: 'fleet',
    type: 'string',
    placeholder: 'NAME',
    description: 'whose jobs these are, where projects share a Redis (default: name in package.json)',
  },
  {
    name: 'concurrency',
    type: 'string',
    placeholder: 'N',
    description: 'jobs at once on this machine (default: its cores)',
  },
  { name: 'detach', type: 'boolean', description: 'with Redis: print the ID of the run and exit' },
  {
    name: 'name',
    type: 'string',
    placeholder: 'NAME',
    description: 'of a worker (default: its machine and process), or of a schedule (default: the playbook)',
  },
  {
    name: 'takeover',
    type: 'string',
    placeholder: 'TIME',
    description: 'silence after which the jobs of a worker go to another (default: 30s)',
  },
  { name: 'watch', type: 'boolean', description: 'status: go on until the run has ended' },
  { name: 'cron', type: 'string', placeholder: 'TIMES', description: "schedule: when, as in '0 3 * * *'" },
  {
    name: 'tz',
    type: 'string',
    placeholder: 'ZONE',
    description: 'schedule: whose clock counts, as in Europe/Berlin (default: UTC)',
  },
  { name: 'list', type: 'boolean', description: 'schedule: list what there is' },
  { name: 'remove', type: 'string', placeholder: 'NAME', description: 'schedule: take one away' },
];

/** The verb of a command line; throws exit code 1 where there is none, and for a flag that is another verb's. */
export function verbOf({
  words,
  own,
  ownLists = {},
  check,
  message,
  reports,
  diff,
  verbosity,
}: Options): Verb {
  const [word] = words;
  if (word === undefined || !Object.hasOwn(VERBS, word))
    throw usage(
      word === undefined ? 'nothing is asked for' : `there is no fleet ${word}`,
      `fleet ${Object.keys(VERBS).join(' | ')}`,
    );
  const verb = word as Verb;
  const given = [
    ...Object.entries(own).flatMap(([name, value]) => (value === undefined || value === false ? [] : [name])),
    ...Object.entries(ownLists).flatMap(([name, values]) => (values.length > 0 ? [name] : [])),
    ...(check ? ['check'] : []),
    ...(message === undefined ? [] : ['message']),
    ...(reports.length > 0 ? ['report'] : []),
    ...(diff ? ['diff'] : []),
    ...(verbosity > 0 ? ['verbose'] : []),
  ];
  const takes = (flags: readonly string[], name: string) => flags.includes(name);
  const stray = given.find((name) => !takes(VERBS[verb], name));
  if (stray !== undefined) {
    const theirs = Object.entries(VERBS).filter(([, flags]) => takes(flags, stray));
    throw usage(
      `fleet ${verb} has no --${stray}`,
      `${theirs.map(([name]) => `fleet ${name}`).join(' and ')} has it`,
    );
  }
  return verb;
}

/** A whole number of a flag, from 1 on. */
export function wholeNumber({ own }: Options, flag: string, preset: number, most = 10_000): number {
  const text = own[flag];
  if (text === undefined) return preset;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw usage(`--${flag} takes a whole number from 1 to ${most}, not ${JSON.stringify(text)}`);
}

/** An error of who typed it; a hint that begins with `fleet` is written as they would type it. */
export function usage(message: string, hint = 'fleet --help lists the options'): QuorateError {
  const typed = hint.replace(/^fleet\b/, commandLine('fleet'));
  return new QuorateError(message, { exitCode: EXIT.usage, hint: typed });
}
