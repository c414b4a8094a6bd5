import { parseArgs } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { readDuration } from '../duration.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Plan } from './plan-file/format.ts';
import { parseShard, type Shard } from './shard.ts';

/** The command line, taken apart; flags mean what they mean in ansible-playbook. */
export interface Options {
  readonly inventory: readonly string[];
  /** The sample inventory that comes with the playbook. */
  readonly local: boolean;
  readonly limit: string | undefined;
  /** One of several parts of the inventory. */
  readonly shard: Shard | undefined;
  readonly roles: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly check: boolean;
  readonly diff: boolean;
  /** Take away what no role declares any more. */
  readonly prune: boolean;
  readonly forks: number;
  readonly extraVars: readonly string[];
  readonly become: boolean;
  readonly askBecomePass: boolean;
  readonly vaultPasswordFiles: readonly string[];
  readonly askVaultPass: boolean;
  readonly user: string | undefined;
  readonly trust: boolean;
  readonly list: 'hosts' | 'tasks' | 'tags' | undefined;
  readonly output: 'pretty' | 'plain' | 'json' | undefined;
  readonly log: string | undefined;
  /** Files that are made of the run: pages, and JUnit. */
  readonly reports: readonly string[];
  readonly verbosity: number;
  readonly detailedExitcode: boolean;
  /** Where a check writes down what it shows. */
  readonly planOut: string | undefined;
  /** Prints what a check shows as a document, and nothing else. */
  readonly planFormat: 'text' | 'markdown' | 'json' | undefined;
  /** A task whose reason is asked for. */
  readonly why: string | undefined;
  /** A host of which is printed what would run there. */
  readonly showScript: string | undefined;
  /** The plan that is to be carried out as it was written. */
  readonly apply: string | undefined;
  /** What that file says. */
  readonly approved?: Plan;
  readonly yes: boolean;
  /** Milliseconds to wait for locks that others hold. */
  readonly lockWait: number;
  /** What hosts are to remember of this run. */
  readonly message: string | undefined;
  /** Words besides the flags, of a playbook that takes some. */
  readonly words: readonly string[];
  /** Flags that only this playbook has: `--purge`, `--cluster`. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
}

/** A flag of one playbook alone. */
export interface OwnFlag {
  readonly name: string;
  readonly type: 'string' | 'boolean';
  readonly placeholder?: string;
  readonly description: string;
}

export type Flag = OwnFlag & { readonly short?: string; readonly multiple?: boolean };

/** Every flag that all playbooks share, in the order of the help text. */
export const FLAGS: readonly Flag[] = [
  {
    name: 'inventory',
    short: 'i',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'inventory file (default: {inventory}); repeatable',
  },
  { name: 'local', type: 'boolean', description: 'the sample on this machine, below ./.quorate/local' },
  {
    name: 'limit',
    short: 'l',
    type: 'string',
    placeholder: 'PATTERN',
    description: 'hosts to change; the cluster is still looked at whole',
  },
  {
    name: 'shard',
    type: 'string',
    placeholder: 'I/N',
    description: 'one part of the hosts, of so many, as in 2/5; a cluster is never divided',
  },
  {
    name: 'role',
    short: 'r',
    type: 'string',
    multiple: true,
    placeholder: 'NAME',
    description: 'run this role only; repeatable',
  },
  {
    name: 'tags',
    short: 't',
    type: 'string',
    multiple: true,
    placeholder: 'TAGS',
    description: 'run roles with these tags (a role’s name is its tag)',
  },
  {
    name: 'skip-tags',
    type: 'string',
    multiple: true,
    placeholder: 'TAGS',
    description: 'leave out roles with these tags',
  },
  {
    name: 'check',
    short: 'C',
    type: 'boolean',
    description: 'say what a run would change, and change nothing',
  },
  { name: 'diff', short: 'D', type: 'boolean', description: 'show how texts change' },
  {
    name: 'prune',
    type: 'boolean',
    description: 'take away what roles have made and none declares any more',
  },
  {
    name: 'forks',
    short: 'f',
    type: 'string',
    placeholder: 'N',
    description: 'hosts worked on at once (default: 50)',
  },
  {
    name: 'extra-vars',
    short: 'e',
    type: 'string',
    multiple: true,
    placeholder: 'K=V|@FILE',
    description: 'variables that win over the inventory; repeatable',
  },
  {
    name: 'become',
    short: 'b',
    type: 'boolean',
    description: 'become root through sudo, unless ansible_become says no',
  },
  {
    name: 'ask-become-pass',
    short: 'K',
    type: 'boolean',
    description: 'ask once for the sudo password of hosts without ansible_become_password',
  },
  {
    name: 'vault-password-file',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'password of what ansible-vault encrypted, or a program that prints it; ID@FILE; repeatable',
  },
  {
    name: 'ask-vault-pass',
    short: 'J',
    type: 'boolean',
    description: 'ask for the password of what ansible-vault encrypted, when some is met',
  },
  {
    name: 'user',
    short: 'u',
    type: 'string',
    placeholder: 'NAME',
    description: 'connect as this user, unless ansible_user names another',
  },
  {
    name: 'trust',
    type: 'boolean',
    description: 'show the fingerprints of unknown host keys, ask, and record them',
  },
  { name: 'list-hosts', type: 'boolean', description: 'list the hosts that would be changed, and stop' },
  { name: 'list-tasks', type: 'boolean', description: 'list the tasks of an ordinary host, and stop' },
  { name: 'list-tags', type: 'boolean', description: 'list the tags, and stop' },
  {
    name: 'output',
    type: 'string',
    placeholder: 'FORM',
    description: 'pretty, plain or json (default: pretty on a terminal, else plain)',
  },
  { name: 'log', type: 'string', placeholder: 'FILE', description: 'append everything to this file' },
  {
    name: 'report',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'make a page (.html) or JUnit (.xml) of the run; repeatable',
  },
  {
    name: 'verbose',
    short: 'v',
    type: 'boolean',
    multiple: true,
    description: 'say more: -v tasks that are fine and commands, -vv connections and logins, -vvv scripts',
  },
  {
    name: 'detailed-exitcode',
    type: 'boolean',
    description: 'with --check: exit 8 when something would change',
  },
  {
    name: 'plan-out',
    type: 'string',
    placeholder: 'FILE',
    description: 'check, and write the plan to this file',
  },
  {
    name: 'plan-format',
    type: 'string',
    placeholder: 'FORM',
    description: 'check, and print the plan alone: text, markdown or json',
  },
  {
    name: 'why',
    type: 'string',
    placeholder: 'TASK',
    description: 'check, and say why this task would change a host: its title, or a part of it',
  },
  {
    name: 'show-script',
    type: 'string',
    placeholder: 'HOST',
    description: 'check, and print what would run on this host, secrets masked',
  },
  {
    name: 'apply',
    type: 'string',
    placeholder: 'FILE',
    description: 'carry out this plan, and only if it still is what a check says',
  },
  { name: 'yes', short: 'y', type: 'boolean', description: 'agree to what this playbook would ask' },
  {
    name: 'lock-wait',
    type: 'string',
    placeholder: 'TIME',
    description: 'wait so long for another run that has a host, as in 5m; by default not at all',
  },
  {
    name: 'message',
    type: 'string',
    placeholder: 'TEXT',
    description: 'why: kept with the run ID on every host that is changed',
  },
  { name: 'help', short: 'h', type: 'boolean', description: 'this text' },
  { name: 'version', type: 'boolean', description: 'the version of Quorate' },
];

/** What a playbook has of its own, and what it hides of the flags that all share. */
interface Flagged {
  readonly flags?: readonly OwnFlag[];
  readonly hides?: readonly string[];
  readonly inventory?: string;
}

/** Shared flags that mean nothing in this playbook. */
export function hiddenIn({ hides = [], inventory }: Flagged): readonly string[] {
  return inventory === undefined ? [...hides, 'local'] : hides;
}

/** All flags of a playbook, its own first; it may give a shared one a meaning of its own. */
export function flagsOf(playbook: Flagged): readonly Flag[] {
  const { flags: own = [] } = playbook;
  const hidden = hiddenIn(playbook);
  return [
    ...own,
    ...FLAGS.filter(({ name }) => !hidden.includes(name) && !own.some((one) => one.name === name)),
  ];
}

/** Those that are about changes and tasks: a playbook that only looks hides them. */
export const OF_CHANGES = [
  'yes',
  'prune',
  'check',
  'diff',
  'role',
  'tags',
  'skip-tags',
  'list-tasks',
  'list-tags',
  'detailed-exitcode',
  'message',
  'lock-wait',
  'plan-out',
  'plan-format',
  'apply',
  'why',
  'show-script',
] as const;

/** Those about single tasks: a playbook of steps hides them. */
export const OF_TASKS = ['why', 'show-script'] as const;

/** Those about written plans: a playbook whose check tells neither tasks nor steps hides them. */
export const OF_PLANS = ['plan-out', 'plan-format', 'apply', ...OF_TASKS] as const;

/**
 * Parses arguments; throws exit code 1 for what is unknown or malformed, and for what a playbook `hides`: it would mean
 * nothing there. Consent is the exception: whoever calls several playbooks alike may give it to all.
 */
export function parseOptions(
  args: readonly string[],
  own: readonly OwnFlag[],
  hides: readonly string[] = [],
  takesWords = false,
): Options | 'help' | 'version' {
  const { values, positionals } = parse(args, [...FLAGS, ...own], takesWords);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const idle = hides.find((name) => name !== 'yes' && values[name] !== undefined);
  if (idle !== undefined) {
    const hint = '--help lists the options';
    throw new QuorateError(`this playbook has no --${idle}`, { exitCode: EXIT.usage, hint });
  }
  if (values.local && values.inventory) {
    throw new QuorateError('--local is an inventory of its own, and --inventory names another', {
      exitCode: EXIT.usage,
    });
  }
  const list = (name: string) => (values[name] as string[] | undefined) ?? [];
  const text = (name: string) => values[name] as string | undefined;
  const planOut = text('plan-out');
  const [why, showScript] = [text('why'), text('show-script')];
  const planFormat = parsePlanFormat(text('plan-format'));
  refuseTwo(values);
  const commas = (name: string) =>
    list(name)
      .flatMap((item) => item.split(','))
      .filter(Boolean);
  return {
    inventory: list('inventory'),
    local: values.local === true,
    limit: text('limit'),
    shard: parseShard(text('shard')),
    roles: list('role'),
    tags: commas('tags'),
    skipTags: commas('skip-tags'),
    check: values.check === true || [planOut, planFormat, why, showScript].some((one) => one !== undefined),
    diff: values.diff === true || planFormat === 'text',
    prune: values.prune === true,
    forks: parseForks(text('forks')),
    extraVars: list('extra-vars'),
    become: values.become === true,
    askBecomePass: values['ask-become-pass'] === true,
    vaultPasswordFiles: list('vault-password-file'),
    askVaultPass: values['ask-vault-pass'] === true,
    user: text('user'),
    trust: values.trust === true,
    list: (['hosts', 'tasks', 'tags'] as const).find((what) => values[`list-${what}`]),
    output: parseOutput(text('output')),
    log: text('log'),
    reports: list('report'),
    verbosity: (values.verbose as boolean[] | undefined)?.length ?? 0,
    detailedExitcode: values['detailed-exitcode'] === true,
    planOut,
    planFormat,
    why,
    showScript,
    apply: text('apply'),
    yes: values.yes === true,
    lockWait: parseWait(text('lock-wait')),
    message: text('message'),
    words: positionals,
    own: Object.fromEntries(own.map(({ name }) => [name, values[name] as string | boolean | undefined])),
  };
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function parse(args: readonly string[], flags: readonly Flag[], allowPositionals: boolean): Parsed {
  const config = Object.fromEntries(
    flags.map(({ name, type, short, multiple }) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: config, strict: true, allowPositionals });
  } catch (error) {
    throw wrongArguments((error as Error).message.split('. ')[0] ?? '', flags, allowPositionals);
  }
}

/** What other tools call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '--dry-run': '--check',
  '--dryrun': '--check',
  '--plan': '--check',
  '--noop': '--check',
  '--hosts': '--limit',
  '--sudo': '--become',
  '--ask-sudo-pass': '--ask-become-pass',
  '--quiet': '--output plain',
  '--vault-id': '--vault-password-file',
  '--vault-pass-file': '--vault-password-file',
  '--ask-vault-password': '--ask-vault-pass',
};

/** Node's own words name neither what is near nor what is wanted. */
function wrongArguments(said: string, flags: readonly Flag[], takesWords: boolean): QuorateError {
  const [, unknown] = /^Unknown option '(--?[^']+)'/.exec(said) ?? [];
  const [, lacking] = /^Option '(?:-\w, )?--([\w-]+) <value>' argument missing/.exec(said) ?? [];
  const [, stray] = /^Unexpected argument '(.*?)'/.exec(said) ?? [];
  const near =
    unknown &&
    (ELSEWHERE[unknown] ??
      closest(
        unknown,
        flags.map(({ name }) => `--${name}`),
      ));
  const placeholder = flags.find(({ name }) => name === lacking)?.placeholder ?? 'a value';
  const message = unknown
    ? `unknown option ${unknown}`
    : lacking
      ? `--${lacking} needs a value: ${placeholder}`
      : stray !== undefined
        ? `unexpected argument ${stray}`
        : said;
  const isNear = near && (ELSEWHERE[unknown] !== undefined || distance(near, unknown) <= 2);
  const file = stray !== undefined && /\.(ya?ml|ini|json)$/.test(stray);
  const meant = isNear ? `did you mean ${near}? ` : file ? `did you mean -i ${stray}? ` : '';
  const behind = takesWords && unknown && !isNear ? 'words of another program go behind --; ' : '';
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: `${meant}${behind}--help lists the options`,
  });
}

function parseForks(text: string | undefined): number {
  const forks = Number(text ?? 50);
  if (Number.isInteger(forks) && forks >= 1 && forks <= 500) return forks;
  throw new QuorateError(`--forks takes a whole number from 1 to 500, not ${JSON.stringify(text)}`, {
    exitCode: EXIT.usage,
  });
}

function parseWait(text: string | undefined): number {
  const wait = readDuration(text ?? '0');
  if (wait !== undefined) return wait;
  throw new QuorateError(`--lock-wait takes a time, as in 90s or 5m, not ${JSON.stringify(text)}`, {
    exitCode: EXIT.usage,
  });
}

function parseOutput(text: string | undefined): Options['output'] {
  if (text === undefined || text === 'pretty' || text === 'plain' || text === 'json') return text;
  throw new QuorateError(`--output is pretty, plain or json, not ${JSON.stringify(text)}`, {
    exitCode: EXIT.usage,
  });
}

function parsePlanFormat(text: string | undefined): Options['planFormat'] {
  if (text === undefined || text === 'text' || text === 'markdown' || text === 'json') return text;
  throw new QuorateError(`--plan-format is text, markdown or json, not ${JSON.stringify(text)}`, {
    exitCode: EXIT.usage,
  });
}

/** Each of these has standard output for itself. */
const DOCUMENTS = ['output', 'plan-format', 'show-script'];

/** Each of these says what a run is for; a plan may be written and printed. */
const PURPOSES = ['apply', 'plan-out', 'plan-format', 'why', 'show-script'];

function refuseTwo(values: Readonly<Record<string, unknown>>): void {
  const given = (names: readonly string[]) => names.filter((name) => values[name] !== undefined);
  const documents = given(DOCUMENTS);
  const purposes = given(PURPOSES);
  const isPlan = purposes.every((name) => name.startsWith('plan-'));
  const many = documents.length > 1 ? documents : isPlan ? [] : purposes;
  if (many.length < 2) return;
  throw new QuorateError(`${many.map((name) => `--${name}`).join(' and ')} do not go together`, {
    exitCode: EXIT.usage,
    hint: 'give one of them',
  });
}
