import type { PlayProblem, PlayRun, Strategy } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { Step } from '../../../dsl/step.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { waitingForUsers } from '../../health/authentication.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { intentProblem } from '../../survey/intents.ts';
import { clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';
import { clusterProblems, isOfCluster } from '../common/cluster-flag.ts';
import { refuseMinority } from '../common/minority.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { refuseBare } from '../site/verify.ts';
import { changes, commandOf, readsInput, readsPassword, toldWords } from './words.ts';

/** Bytes of standard input that go along where `max-request-bytes` is not set: all of a value that etcd takes. */
const MAX_INPUT = 1.5 * 1024 * 1024;

/** What goes to etcdctl. */
interface Call {
  readonly args: readonly string[];
  /** Reads what goes to its standard input, where a command wants some. */
  readonly input: () => Promise<Buffer>;
}

/**
 * Runs etcdctl on one member with that member's certificate. Its output and errors are ours, and its failure is exit
 * code 2. A check says where it would run, and runs nothing. What changes something is a run as any other: it wants most
 * hosts in reach, runs under the locks of all that are, not in the middle of a restore or a recovery unless that waits
 * for users of etcd, and is kept on record as a step.
 */
export function etcdctlStrategy(args: Call['args'], input: Call['input']): Strategy<EtcdFacts> {
  const call: Call = { args, input };
  const isReading = !changes(commandOf(args));
  return {
    scope: (selected, all) => {
      const ours = selected.filter(isOfCluster);
      return isReading ? ours : (etcdStrategy.scope?.(ours, all) ?? []);
    },
    anyHost: true,
    async admit(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed === undefined) return;
      refuseBare(run, surveyed);
      if (isReading) return;
      refuseMinority(surveyed);
      refuseOpen(surveyed);
      run.step(stepOf(surveyed, args), 'planned');
    },
    async converge(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed !== undefined && !isReading) await change(run, surveyed, call);
    },
    async verify(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed === undefined || !isReading) return;
      const host = memberToAsk(surveyed);
      if (run.check) run.conclude(`${host.target.name} would run etcdctl ${toldWords(args)}`);
      else await runOn(run, host, await scriptFor(host, call));
    },
  };
}

/** Another run may have begun something since the hosts were looked at. */
async function change(run: PlayRun<EtcdFacts>, surveyed: Surveyed, call: Call): Promise<void> {
  const step = stepOf(surveyed, call.args);
  const host = memberToAsk(surveyed);
  const script = await scriptFor(host, call);
  const ours = surveyed.hosts.filter(({ target }) => target.facts.owner !== undefined);
  await run.locked(ours, async () => {
    await run.each(ours, (one) => one.refresh());
    refuseOpen(surveyed);
    if (run.stopping()) return;
    run.step(step, 'begun');
    let code: number | undefined;
    try {
      code = await runOn(run, host, script);
    } finally {
      run.step(step, code === 0 ? 'done' : 'failed');
    }
  });
}

function stepOf(surveyed: Surveyed, args: Call['args']): Step {
  return {
    host: memberToAsk(surveyed).target.name,
    title: `etcdctl ${toldWords(args)}`,
    ledger: ledger(tallyOf(surveyed.hosts)),
  };
}

function refuseOpen({ cluster, hosts }: Surveyed): void {
  const open = intentProblem(cluster, hosts, 'etcdctl', undefined, waitingForUsers(hosts));
  if (open) throw open;
}

/** Gives its exit code: another than 0 only where Ctrl-C has ended it, which the run tells itself. */
async function runOn(run: PlayRun<EtcdFacts>, host: EtcdHost, script: Sh): Promise<number> {
  const { name } = host.target;
  const code = await host.pipe('etcdctl', script);
  if (code === 0 || run.stopping()) return code;
  throw new QuorateError(`${name}: etcdctl ended with ${code}`, { exitCode: EXIT.failed, host: name });
}

async function scriptFor(host: EtcdHost, { args, input }: Call): Promise<Sh> {
  return etcdctlScript(memberOf(host.target), args, await inputFor(args, input, maxInput(host)));
}

/**
 * Shell that reaches the member and becomes etcdctl; what it reads is part of the text, never of a command line. From
 * there on its own limits of time count: a snapshot has none.
 */
function etcdctlScript(member: Member, args: readonly string[], input: Buffer | undefined): Sh {
  const call = sh`q_etcdctl ${[...args]}`;
  return joinSh([
    etcdctlFunction(member),
    sh`q_reach </dev/null >/dev/null 2>&1
q_limits=`,
    input === undefined
      ? sh`${call} </dev/null`
      : sh`base64 -d <<'q_input' | ${call}
${{ text: input.toString('base64').replace(/.{76}/g, '$&\n') }}
q_input`,
  ]);
}

/** The first that works, among the selected; else the first, whose etcdctl says what is wrong. Throws exit code 4. */
function memberToAsk({ cluster, hosts }: Surveyed): EtcdHost {
  const [first, ...others] = hosts.filter((host) => host.selected);
  if (first === undefined)
    throw refusal(cluster, 'the hosts to run etcdctl on were not reached', undefined, EXIT.unreachable);
  return [first, ...others].find(({ target }) => target.facts.reading?.healthy) ?? first;
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
    return wrong('no command for etcdctl', "write it after --, as in -- get '' --prefix --keys-only");
  }
  return clusterProblems(hosts);
}
