import { isIP } from 'node:net';
import { numericAddress } from '../../../addresses.ts';
import { whoami } from '../../../whoami.ts';
import { ALIASES, DIRECTIVES } from './directives.ts';
import type { ConfigFile, Line } from './files.ts';
import { jumpOf } from './jump.ts';
import { judgeMatch } from './match.ts';
import { matchesList, matchesPattern } from './patterns.ts';
import { ConfigProblem, type Origin, unknownOption } from './problem.ts';
import { expand } from './tokens.ts';
import { wordsOf } from './words.ts';

/** For whom the files are read: as ssh's own command line would have it. */
export interface Target {
  /** The host as the user names it. */
  readonly alias: string;
  /** Directives that come before all files, as with `-o`: keyword and value. */
  readonly options: readonly (readonly [keyword: string, value: string])[];
}

/** What a directive says, and where. */
export interface Option {
  readonly values: readonly string[];
  readonly origin: Origin;
}

/** What ssh has answered, where that was needed. */
export interface Answers {
  /** `Match` lines, as `file:line`, that it took. */
  readonly taken: ReadonlySet<string>;
  /** The host's name as it made it out. */
  readonly hostname: string;
}

/** What the files say of a host. */
export interface Evaluated {
  /** By keyword in lower case; what was not said is not there. */
  readonly options: ReadonlyMap<string, Option>;
  /** The name or address to connect to. */
  readonly host: string;
  /** Lines that only ssh can judge, and that count for this host. */
  readonly questions: readonly Origin[];
}

/** How `Match` lines are named in answers. */
export function lineKey({ file, line }: Origin): string {
  return `${file}:${line}`;
}

/** Goes through the files as ssh does: the first value of a directive counts, Host and Match say for whom. */
export function evaluate(files: readonly ConfigFile[], target: Target, answers?: Answers): Evaluated {
  const reader = new Reader(target, answers);
  reader.commandLine();
  reader.pass(files);
  let host = reader.resolved();
  const canonicalizes = reader.canonicalizes();
  if (canonicalizes) reader.ask(canonicalizes);
  if (canonicalizes && answers) host = answers.hostname;
  if (reader.wantsFinal || reader.option('canonicalizehostname', 'false') !== 'false') {
    reader.finalPass(files, host);
  }
  return { options: reader.options, host, questions: reader.questions };
}

interface Block {
  /** The lines at hand are for this host. */
  active: boolean;
  /** Nothing in here can be: an Include inside a block for others. */
  readonly never: boolean;
  readonly own: boolean;
}

type Fail = (problem: string) => never;

/** Tells what is wrong with a line, in the words of who has found it. */
function inWords<T>(work: () => T, fail: Fail): T {
  try {
    return work();
  } catch (error) {
    return fail((error as Error).message);
  }
}

class Reader {
  readonly options = new Map<string, Option>();
  readonly questions: Origin[] = [];
  wantsFinal = false;
  readonly #target: Target;
  readonly #answers: Answers | undefined;
  readonly #identities = new Set<string>();
  #final = false;
  #host: string;

  constructor(target: Target, answers: Answers | undefined) {
    this.#target = target;
    this.#answers = answers;
    this.#host = target.alias;
  }

  option(keyword: string, otherwise: string): string {
    return this.options.get(keyword)?.values[0] ?? otherwise;
  }

  ask(origin: Origin): void {
    this.questions.push(origin);
  }

  commandLine(): void {
    for (const [keyword, rest] of this.#target.options) {
      const origin: Origin = { file: 'ansible_ssh_common_args', line: 0 };
      this.#line(
        { origin, keyword: keyword.toLowerCase(), rest, files: [] },
        { active: true, never: false, own: true },
      );
    }
  }

  pass(files: readonly ConfigFile[]): void {
    for (const file of files) this.#file(file, { active: true, never: false, own: file.own });
  }

  /** Once more, with the name that was made out: `Match final`, and stanzas for that name. */
  finalPass(files: readonly ConfigFile[], host: string): void {
    this.#final = true;
    this.#host = host;
    this.pass(files);
  }

  /** The host's name after HostName, in ssh's spelling. */
  resolved(): string {
    const host = this.#hostname();
    // An address keeps its spelling where only case differs.
    if (/[%:]/.test(host) || isIP(host)) {
      const spelt = numericAddress(host);
      return spelt === host.toLowerCase() ? host : spelt;
    }
    // As inet_aton(3) reads numbers.
    const numeric = /^[\da-fx.]*[\da-fx]$/i.test(host) && URL.canParse(`http://${host}`);
    if (numeric && isIP(new URL(`http://${host}`).hostname)) return new URL(`http://${host}`).hostname;
    return host.toLowerCase();
  }

  /** Where the name is to be looked up in the DNS, which ssh alone does. */
  canonicalizes(): Origin | undefined {
    if (this.option('canonicalizehostname', 'false') !== 'false')
      return this.options.get('canonicalizehostname')?.origin;
    const named = this.options.get('canonicalizepermittedcnames');
    return named && !/^none$/i.test(named.values[0] ?? 'none') ? named.origin : undefined;
  }

  #hostname(): string {
    const said = this.options.get('hostname');
    if (said === undefined) return this.#target.alias;
    try {
      return expand(said.values[0] as string, { h: this.#target.alias });
    } catch (error) {
      throw new ConfigProblem(`HostName: ${(error as Error).message}`, said.origin);
    }
  }

  #file({ lines }: ConfigFile, block: Block): void {
    for (const line of lines) this.#line(line, block);
  }

  #line(line: Line, block: Block): void {
    const { keyword, rest, origin } = line;
    const fail: Fail = (problem) => {
      throw new ConfigProblem(`${keyword} ${problem}`, origin);
    };
    if (rest === '') fail('lacks its argument');
    const words = wordsOf(rest) ?? fail('has a quote that is not closed');
    if (keyword === 'host') this.#hostLine(words, block, fail);
    else if (keyword === 'match') this.#matchLine(line, block, fail);
    else if (keyword === 'include') this.#include(line, words, block, fail);
    else this.#directive(line, words, block, fail);
  }

  #hostLine(words: readonly string[], block: Block, fail: Fail): void {
    if (words.includes('')) fail('has an empty name');
    const fits = (word: string) => matchesPattern(this.#host, word);
    const excluded = words.some((word) => word.startsWith('!') && fits(word.slice(1)));
    block.active = !block.never && !excluded && words.some((word) => !word.startsWith('!') && fits(word));
  }

  #matchLine({ rest, origin }: Line, block: Block, fail: Fail): void {
    const known = {
      host: this.#final ? this.#host : this.#hostname(),
      originalHost: this.#target.alias,
      user: this.option('user', whoami()),
      localUser: whoami(),
      final: this.#final,
    };
    const matched = inWords(() => judgeMatch(rest, known), fail);
    this.wantsFinal ||= matched.wantsFinal;
    block.active = !block.never && matched.holds;
    if (!block.active || !matched.foreign) return;
    this.ask(origin);
    block.active = this.#answers?.taken.has(lineKey(origin)) ?? false;
  }

  #include({ files }: Line, words: readonly string[], block: Block, fail: Fail): void {
    if (words.includes('')) fail('has an empty name');
    for (const file of files)
      this.#file(file, { active: block.active, never: block.never || !block.active, own: block.own });
  }

  #directive(
    { keyword: written, rest, origin }: Line,
    words: readonly string[],
    block: Block,
    fail: Fail,
  ): void {
    const keyword = ALIASES[written] ?? written;
    const directive = DIRECTIVES.get(keyword);
    const recent = directive === undefined || directive.recent?.(words[0] ?? '');
    if (recent && matchesList(written, this.option('ignoreunknown', '').toLowerCase())) return;
    if (recent) this.ask(origin);
    if (directive === undefined) {
      if (block.active) throw unknownOption(written, origin);
      return;
    }
    const values = inWords(() => directive.take(words, rest), fail);
    if (keyword === 'proxyjump' || keyword === 'proxycommand')
      this.#proxy(keyword, values[0] as string, origin, block);
    else if (block.active)
      this.#set(keyword, values, origin, { adds: directive.adds === true, own: block.own });
  }

  #set(
    keyword: string,
    values: readonly string[],
    origin: Origin,
    { adds, own }: { adds: boolean; own: boolean },
  ): void {
    const before = this.options.get(keyword);
    if (before === undefined || !adds) {
      if (before === undefined) this.options.set(keyword, { values, origin });
      this.#identities.add(`${keyword} ${own} ${values[0]}`);
      return;
    }
    const key = `${keyword} ${own} ${values[0]}`;
    if (this.#identities.has(key)) return;
    this.#identities.add(key);
    this.options.set(keyword, { values: [...before.values, ...values], origin: before.origin });
  }

  /** Of ProxyJump and ProxyCommand the first counts, `none` included. */
  #proxy(keyword: string, value: string, origin: Origin, { active }: Block): void {
    const jump = keyword === 'proxyjump' ? jumpOf(value) : undefined;
    if (keyword === 'proxyjump' && jump === undefined) {
      throw new ConfigProblem(
        `${value} is not a jump host`,
        origin,
        '[user@]host[:port] is wanted, several with commas',
      );
    }
    if (!active || this.options.has('proxyjump') || this.options.has('proxycommand')) return;
    this.options.set(keyword, { values: jump ?? [value], origin });
  }
}
