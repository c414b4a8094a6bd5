import { asHolder, type Holder, holderSaid, holdFile, parseHolder } from '../../../dsl/hold.ts';
import type { PlayProblem, PlayRun, Strategy } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import { redact } from '../../../dsl/secret.ts';
import { type Sh, sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { memberOf } from '../../model/cluster.ts';
import { must } from '../../must.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { isOfCluster } from '../common/cluster-flag.ts';
import { etcdStrategy } from '../site/strategy.ts';

type Run = PlayRun<EtcdHost['target']['facts']>;

/** Shows who has the hosts of a cluster; `--hold` keeps everybody's runs off until `--release`. */
export const lockStrategy: Strategy<EtcdHost['target']['facts']> = {
  scope: (selected, all) => etcdStrategy.scope?.(selected.filter(isOfCluster), all) ?? [],
  anyHost: true,
  plansLater: true,
  async converge(run) {
    const { hold, release } = wordsOf(run);
    if (hold !== undefined) await holdAll(run, hold);
    if (release) await releaseAll(run);
  },
  async verify(run) {
    const shown = await Promise.all(run.hosts.map(async (host) => [host, await readHolders(host)] as const));
    for (const [host, { hold, lock }] of shown) {
      const { name } = host.target;
      if (hold) run.log('info', `${name}: on hold by ${hold.who}; ${holderSaid(hold)}`);
      if (lock) run.log('info', `${name}: locked by ${lock.who}; ${holderSaid(lock)}`);
    }
    const held = shown.some(([, { hold, lock }]) => hold ?? lock);
    run.conclude(held ? 'held: see above' : 'free: nobody has these hosts');
  },
};

/** One word at a time: before any contact. */
export function lockProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const { hold, release } = first.vars;
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  if (hold !== undefined && release === true)
    return wrong('--hold and --release contradict each other', 'give one of them');
  if (hold === '') return wrong('--hold says nothing', 'say why, in words: --hold "disk swap on etcd02"');
  return [];
}

function wordsOf({ hosts }: Run): { readonly hold: string | undefined; readonly release: boolean } {
  const vars: Vars = hosts[0]?.target.vars ?? {};
  return { hold: vars.hold as string | undefined, release: vars.release === true };
}

/** On all hosts, or on none that somebody else has. */
async function holdAll(run: Run, message: string): Promise<void> {
  const own = asHolder({ message });
  for (const host of run.hosts) {
    const { hold } = await readHolders(host);
    if (hold !== undefined && hold.who !== own.who) {
      throw new QuorateError(`${host.target.name}: on hold by ${hold.who}; ${holderSaid(hold)}`, {
        exitCode: EXIT.locked,
        host: host.target.name,
        hint: 'ask them; --release ends it',
      });
    }
  }
  await eachOf(run, 'holding the host', (host) => writeHold(memberOf(host.target).stateDir, own));
}

async function releaseAll(run: Run): Promise<void> {
  await eachOf(run, 'releasing the host', (host) => {
    const path = holdFile(memberOf(host.target).stateDir);
    return sh`rm -f -- ${path}`;
  });
}

async function eachOf(run: Run, doing: string, script: (host: EtcdHost) => Sh): Promise<void> {
  await run.each(run.hosts, (host) => must(host, doing, script(host)));
}

function writeHold(stateDir: string, holder: Holder): Sh {
  const line = redact(JSON.stringify(holder));
  return sh`mkdir -p ${stateDir} && printf '%s\n' ${line} | q_write ${holdFile(stateDir)} 0600 '' ''`;
}

interface Holders {
  readonly hold: Holder | undefined;
  readonly lock: Holder | undefined;
}

/** A lock whose process is gone holds nobody off. */
async function readHolders(host: EtcdHost): Promise<Holders> {
  const { stateDir } = memberOf(host.target);
  const { out } = await host.read(
    'asking who has it',
    sh`if [ -f ${holdFile(stateDir)} ]; then IFS= read -r q_line <${holdFile(stateDir)} || :; echo "hold $q_line"; fi
if q_owner=$(readlink ${`${stateDir}/lock`}); then
  q_rest=\${q_owner#*:}
  if q_lives "\${q_owner%%:*}" "\${q_rest%%:*}"; then q_by=$(readlink ${`${stateDir}/lock.by`}); echo "lock \${q_by#"$q_owner "}"; fi
fi`,
  );
  const of = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(out)?.[1];
  return { hold: parseHolder(of('hold') ?? ''), lock: parseHolder(of('lock') ?? '') };
}
