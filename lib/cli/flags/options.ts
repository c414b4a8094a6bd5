import { type ParseArgsConfig, parseArgs } from 'node:util';
import { readDuration } from '../../duration.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Plan } from '../plan-file/format.ts';
import { FLAGS, type Flag, type OwnFlag } from './flags.ts';
import { parseShard, type Shard } from './shard.ts';
import { wrongArguments } from './wrong-arguments.ts';

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
  readonly askPass: boolean;
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
  /** How many of the words stand in front of `--`. */
  readonly inFront?: number;
  /** Flags that only this playbook has: `--purge`, `--cluster`. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
  /** Those of them that may be given several times, with their values. */
  readonly ownLists?: Readonly<Record<string, readonly string[]>>;
}

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
  const { values, positionals, inFront } = parse(args, [...FLAGS, ...own], takesWords);
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
  const several = own.filter(({ multiple }) => multiple);
  const single = own.filter(({ multiple }) => !multiple);
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
    askPass: values['ask-pass'] === true,
    askBecomePass: values['ask-become-pass'] === true,
    vaultPasswordFiles: [...list('vault-id').map(vaultFile), ...list('vault-password-file')],
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
    inFront,
    own: Object.fromEntries(single.map(({ name }) => [name, values[name] as string | boolean | undefined])),
    ownLists: Object.fromEntries(several.map(({ name }) => [name, list(name)])),
  };
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  /** Positionals that stand in front of `--`. */
  readonly inFront: number;
}

function parse(args: readonly string[], flags: readonly Flag[], allowPositionals: boolean): Parsed {
  try {
    const { tokens, ...parsed } = parseArgs({
      args: [...args],
      options: forNode(flags),
      strict: true,
      allowPositionals,
      tokens: true,
    });
    const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? args.length;
    return {
      ...parsed,
      inFront: tokens.filter(({ kind, index }) => kind === 'positional' && index < end).length,
    };
  } catch (error) {
    throw wrongArguments((error as Error).message.split('. ')[0] ?? '', flags, allowPositionals);
  }
}

/** The inventories that a line names which may be unfinished, or wrong. */
export function inventoriesIn(args: readonly string[]): readonly string[] {
  const options = forNode(FLAGS);
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  return [values.inventory ?? []].flat().filter((value) => typeof value === 'string');
}

/** Flags as Node's `parseArgs` is told of them. */
function forNode(flags: readonly Flag[]): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    flags.map(({ name, type, short, multiple }) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
}

/** What `--vault-id` names, as `--vault-password-file` takes it: without an ID `prompt` is not a file either. */
function vaultFile(id: string): string {
  return id.includes('@') ? id : `@${id}`;
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
