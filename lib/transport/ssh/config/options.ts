import { untildeOf } from '../../../home.ts';
import { whoami } from '../../../whoami.ts';
import type { Connection } from '../../host.ts';
import { quoted } from './arguments.ts';
import { DIRECTIVES } from './directives.ts';
import type { Evaluated, Option } from './evaluate.ts';
import { readSshConfig } from './index.ts';
import { parseHop } from './jump.ts';
import { ConfigProblem } from './problem.ts';
import { expand, type Tokens, tokensOf } from './tokens.ts';

/** What ssh_config says of a connection, once the inventory's own variables went in first, as ssh's flags would. */
export async function readOptions(connection: Connection): Promise<SshOptions> {
  const found = await readSshConfig(
    { alias: connection.address, options: flagsOf(connection) },
    connection.sshConfigFile,
  );
  return new SshOptions(connection.address, found);
}

/** The inventory's variables in the form of `-o`. */
function flagsOf(connection: Connection): readonly (readonly [keyword: string, value: string])[] {
  const { port, user, keyFile, connectTimeout, proxyJump, proxyCommand } = connection;
  const { strictHostKeyChecking, knownHostsFile } = connection;
  const flags: readonly (readonly [string, string | undefined])[] = [
    ...(connection.sshFirst ?? []),
    ['Port', port === undefined ? undefined : String(port)],
    ['User', user && quoted(user)],
    ['IdentityFile', keyFile && quoted(keyFile)],
    ['ConnectTimeout', connectTimeout === undefined ? undefined : String(connectTimeout)],
    ['StrictHostKeyChecking', strictHostKeyChecking],
    ['UserKnownHostsFile', knownHostsFile && quoted(knownHostsFile)],
    ['ProxyJump', proxyJump],
    ['ProxyCommand', proxyCommand],
    ...(connection.sshOptions ?? []),
  ];
  return flags.flatMap(([keyword, value]) => (value === undefined ? [] : [[keyword, value] as const]));
}

/** Directives for one host, with what their values stand for. */
export class SshOptions {
  readonly alias: string;
  readonly host: string;
  readonly all: ReadonlyMap<string, Option>;

  constructor(alias: string, { options, host }: Evaluated) {
    this.alias = alias;
    this.host = host;
    this.all = options;
    for (const [keyword, { values }] of options) {
      const { stance, unless, hint } = DIRECTIVES.get(keyword) ?? {};
      if (stance !== 'refused' || unless?.test(values[0] ?? '')) continue;
      throw this.problem(keyword, 'protects connections of ssh, and is not honoured here', hint);
    }
    const refusal = this.text('refuseconnection');
    if (refusal !== undefined)
      throw this.problem('refuseconnection', `says: ${refusal}`, 'ssh does not connect either');
    this.#checkUnused();
    this.#checkLoop();
  }

  /** What ssh expands at once, though it means nothing here. */
  #checkUnused(): void {
    for (const keyword of ['controlpath', 'forwardagent']) this.paths(keyword);
  }

  /** The host would be its own jump host: so says `Host *` without an exception for that. */
  #checkLoop(): void {
    const last = this.all.get('proxyjump')?.values.at(-1);
    const hop = last ? parseHop(last) : undefined;
    if (hop?.host === this.host && (hop.port ?? 22) === this.port && (hop.user ?? this.user) === this.user)
      throw this.problem(
        'proxyjump',
        `is a loop via ${hop.host}`,
        'except the jump host itself: Host * !JUMPHOST',
      );
  }

  get port(): number {
    return Number(this.text('port') ?? 22);
  }

  get user(): string {
    return this.text('user') ?? whoami();
  }

  /** The first value; undefined where nobody has said it. */
  text(keyword: string): string | undefined {
    return this.all.get(keyword)?.values[0];
  }

  /** A time in ms, or `otherwise` where none is said. */
  seconds(keyword: string, otherwise: number): number {
    const said = this.text(keyword);
    const ms = Number(said) * 1000;
    return ms > 0 ? Math.min(ms, 2 ** 31 - 1) : otherwise;
  }

  /** A path with `~`, tokens and variables written out. */
  path(keyword: string): string | undefined {
    return this.paths(keyword)?.[0];
  }

  paths(keyword: string): readonly string[] | undefined {
    const option = this.all.get(keyword);
    return option?.values.map((value) => this.#expanded(keyword, value));
  }

  /** The command that makes the connection, with its tokens written out. */
  proxyCommand(): string | undefined {
    const said = this.text('proxycommand');
    return said === undefined || /^none$/i.test(said) ? undefined : this.#onTheWay('proxycommand', said);
  }

  /** The jump hosts, the nearest to control first, with their tokens written out: those of the host behind them. */
  jumps(): readonly string[] {
    const [, ...hops] = this.all.get('proxyjump')?.values ?? [];
    return hops.map((hop) => this.#onTheWay('proxyjump', hop));
  }

  #onTheWay(keyword: string, value: string): string {
    const { h, k, n, p, r } = this.#tokens;
    return this.#told(keyword, () => expand(value, { h, k, n, p, r } as Tokens));
  }

  problem(keyword: string, what: string, hint?: string): ConfigProblem {
    const origin = this.all.get(keyword)?.origin ?? { file: '', line: 0 };
    return new ConfigProblem(`${keyword} ${what}`, origin, hint);
  }

  get #tokens(): Tokens {
    const keyAlias = this.text('hostkeyalias')?.toLowerCase();
    const { alias, host, port, user } = this;
    return tokensOf({ alias, host, port, user, keyAlias, jump: this.text('proxyjump') || undefined });
  }

  #expanded(keyword: string, value: string): string {
    const path = untildeOf(value);
    if (path === undefined) throw this.problem(keyword, `names a user who does not exist: ${value}`);
    // ssh takes the system's file as it is written.
    if (keyword === 'globalknownhostsfile') return path;
    return this.#told(keyword, () => expand(path, this.#tokens, true));
  }

  #told(keyword: string, work: () => string): string {
    try {
      return work();
    } catch (error) {
      throw this.problem(keyword, `: ${(error as Error).message}`);
    }
  }
}
