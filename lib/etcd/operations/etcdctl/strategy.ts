import type { PlayProblem, PlayRun, Strategy } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import { joinSh, type Sh, sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { etcdctlFunction } from '../../facts/etcdctl.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';
import { clusterProblems, isOfCluster } from '../common/cluster-flag.ts';
import { refuseBare } from '../site/verify.ts';
import { commandOf, readsInput, readsPassword, toldWords } from './words.ts';

/** Bytes of standard input that go along where `max-request-bytes` is not set: all of a value that etcd takes. */
const MAX_INPUT = 1.5 * 1024 * 1024;

/**
 * Runs etcdctl on one member with that member's certificate. Its output and errors are ours, and its failure is exit
 * code 2. A check says where it would run, and runs nothing.
 *
 * @param args The words of etcdctl.
 * @param input Reads what goes to etcdctl's standard input, where a command wants some.
 */
export function etcdctlStrategy(args: readonly string[], input: () => Promise<Buffer>): Strategy<EtcdFacts> {
  return {
    scope: (selected) => selected.filter(isOfCluster),
    anyHost: true,
    async converge() {},
    async verify(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed === undefined) return;
      refuseBare(run, surveyed);
      await runOn(run, memberToAsk(surveyed), { args, input });
    },
  };
}

async function runOn(
  run: PlayRun<EtcdFacts>,
  host: EtcdHost,
  { args, input }: { readonly args: readonly string[]; readonly input: () => Promise<Buffer> },
): Promise<void> {
  const { name } = host.target;
  if (run.check) return run.conclude(`${name} would run etcdctl ${toldWords(args).join(' ')}`);
  const code = await host.pipe(
    'etcdctl',
    etcdctlScript(memberOf(host.target), args, await inputFor(args, input, maxInput(host))),
  );
  if (code === 0 || run.stopping()) return;
  throw new QuorateError(`${name}: etcdctl ended with ${code}`, { exitCode: EXIT.failed, host: name });
}

/** Shell that reaches the member and becomes etcdctl; what it reads is part of the text, never of a command line. */
function etcdctlScript(member: Member, args: readonly string[], input: Buffer | undefined): Sh {
  const call = sh`q_etcdctl ${[...args]}`;
  return joinSh([
    etcdctlFunction(member),
    sh`q_reach </dev/null >/dev/null 2>&1`,
    input === undefined
      ? sh`${call} </dev/null`
      : sh`base64 -d <<'q_input' | ${call}
${{ text: input.toString('base64').replace(/.{76}/g, '$&\n') }}
q_input`,
  ]);
}

/** The first that works, among the selected; else the first, whose etcdctl says what is wrong. */
function memberToAsk({ hosts }: Surveyed): EtcdHost {
  const selected = hosts.filter((host) => host.selected);
  const well = selected.find(({ target }) => target.facts.reading?.healthy);
  return well ?? (selected[0] as EtcdHost);
}

function maxInput({ target }: EtcdHost): number {
  const settings = (target.vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  return Number(settings['max-request-bytes']) || MAX_INPUT;
}

async function inputFor(
  args: readonly string[],
  input: () => Promise<Buffer>,
  most: number,
): Promise<Buffer | undefined> {
  const command = commandOf(args);
  if (!readsInput(command)) return undefined;
  const read = await input();
  // etcdctl takes the first word of the first line, and an empty password where there is none.
  if (readsPassword(command) && !/^[ \t]*\S/.test(read.toString()))
    throw new QuorateError('standard input has no password: the user would get an empty one', {
      exitCode: EXIT.refused,
      hint: 'give it a file that begins with the password: <FILE',
    });
  if (read.length <= most) return read;
  throw new QuorateError(`${read.length} bytes on standard input are more than etcd takes as a value`, {
    exitCode: EXIT.refused,
    hint: `at most ${most}, by max-request-bytes in etcd_settings where it is set`,
  });
}

/** What is wrong with the command line, before any contact. */
export function etcdctlProblems(hosts: readonly HostData[], args: readonly string[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  if (args.length === 0) {
    return wrong('no command for etcdctl', "write it behind --, as in -- get '' --prefix --keys-only");
  }
  return clusterProblems(hosts);
}
