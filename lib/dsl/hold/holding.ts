import { EXIT, QuorateError } from '../../errors.ts';
import { meantHint } from '../../near.ts';
import type { HostFacts } from '../host-facts.ts';
import { plainPlay } from '../plain-play.ts';
import type { Play, PlayHost, PlayProblem, PlayRun, Strategy } from '../play.ts';
import type { HostData, Vars } from '../role.ts';
import { redact } from '../secret.ts';
import { type Sh, sh } from '../shell/sh.ts';
import { asHolder, type Holder, holderSaid, holdFile, holdSaid, parseHolder, readLock } from './hold.ts';

/** Where the records of a host lie, and its lock among them. */
type StateDir = (host: HostData) => string;

/**
 * Shows who has the hosts of a play, a run or a person; variable `hold` (why) keeps everybody's runs off until `release`.
 * One host that can be reached is enough.
 */
export function holding<Facts>(
  stateDir: StateDir,
  refuse?: (run: PlayRun<Facts>) => Promise<void>,
): Strategy<Facts> {
  return {
    anyHost: true,
    plansLater: true,
    async converge(run) {
      await refuse?.(run);
      const { hold, release } = wordsOf(run.hosts);
      if (hold !== undefined) await holdAll(run, stateDir, hold);
      if (release) await releaseAll(run, stateDir);
    },
    async verify(run) {
      const shown = await Promise.all(
        run.hosts.map(async (host) => [host, await readHolders(host, stateDir)] as const),
      );
      for (const [host, { hold, lock }] of shown) {
        const { name } = host.target;
        if (hold) run.log('info', `${name}: ${holdSaid(hold.by)}`);
        if (lock) run.log('info', `${name}: ${lockSaid(lock.by)}`);
      }
      run.conclude(conclusion(shown.some(([, { hold, lock }]) => hold ?? lock) === true, run.unreachable));
    },
  };
}

/**
 * The same of plays of roles, by the name (or `id`) under which hosts keep their records; `isToCome`: there is a playbook
 * of the name, which may not have run yet. Throws exit code 1, also where no host knows of such plays.
 */
export function heldPlay(name: string, isToCome: (name: string) => boolean = () => false): Play<HostFacts> {
  if (/^\.{0,2}$|\//.test(name))
    throw new QuorateError(`no play is called ${JSON.stringify(name)}`, {
      exitCode: EXIT.usage,
      hint: "name a play, as a run's lines `play NAME` do, or its id",
    });
  const play = plainPlay({ name, hosts: 'all', roles: [] });
  const strategy = holding<HostFacts>(play.stateDir, async (run) => {
    if (isToCome(name)) return;
    const known = await Promise.all(run.hosts.map((host) => playsOn(host, play)));
    if (!known.flat().includes(name)) throw unknownPlay(name, [...new Set(known.flat())].sort());
  });
  return { ...play, strategy, check: holdProblems };
}

function unknownPlay(name: string, known: readonly string[]): QuorateError {
  return new QuorateError(`no host has records of a play that is called ${JSON.stringify(name)}`, {
    exitCode: EXIT.usage,
    hint: `${meantHint(name, known)}; a playbook that has not run yet is held by its name, in its folder`,
  });
}

/** Names of plays of roles that a host has records of, or that a person holds. */
async function playsOn(host: PlayHost<HostFacts>, play: Play<HostFacts>): Promise<readonly string[]> {
  const { root = '', dir = '' } = play.ledger?.(host.target) ?? {};
  const behind = dir.slice(`${root}/${play.name}`.length);
  const { out } = await host.read(
    'asking which plays it has',
    sh`for q_dir in ${root}/*${behind}; do
  if [ ! -d "$q_dir" ]; then continue; fi
  if [ -f "$q_dir/owner" ] && read -r q_line <"$q_dir/owner"; then case $q_line in 'playbook '*) ;; *) continue ;; esac; fi
  q_dir=\${q_dir#${root}/}; printf '%s\n' "\${q_dir%${behind}}"
done`,
  );
  return out.split('\n').filter((line) => line !== '');
}

/** One word at a time: before any contact. */
export function holdProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const { hold, release, show } = first.vars;
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  if (hold !== undefined && release === true)
    return wrong('--hold and --release contradict each other', 'give one of them');
  if (show === true && (hold !== undefined || release === true))
    return wrong('--show only looks, and does not go with another word', 'leave it out');
  if (typeof hold === 'string' && hold.trim() === '')
    return wrong('--hold says nothing', 'say why, in words: --hold "disk swap"');
  return [];
}

function lockSaid(by: Holder | undefined): string {
  return `locked by ${by === undefined ? 'an unknown run' : `${by.who}; ${holderSaid(by)}`}`;
}

function conclusion(held: boolean, lost: readonly string[]): string {
  if (lost.length === 0) return held ? 'held: see above' : 'free: nobody has these hosts';
  const rest = `not asked: ${lost.join(', ')}, where a hold stays as it is`;
  return held ? `held: see above; ${rest}` : `free as far as hosts were reached; ${rest}`;
}

function wordsOf(hosts: readonly Pick<PlayHost, 'target'>[]): {
  readonly hold: string | undefined;
  readonly release: boolean;
} {
  const vars: Vars = hosts[0]?.target.vars ?? {};
  return { hold: vars.hold as string | undefined, release: vars.release === true };
}

/** On all hosts, or on none that somebody else has. */
async function holdAll<Facts>(run: PlayRun<Facts>, stateDir: StateDir, message: string): Promise<void> {
  const own = asHolder({ message });
  for (const host of run.hosts) {
    const { hold } = await readHolders(host, stateDir);
    if (hold !== undefined && hold.by?.who !== own.who) {
      throw new QuorateError(`${host.target.name}: ${holdSaid(hold.by)}`, {
        exitCode: EXIT.locked,
        host: host.target.name,
        hint: 'ask them; --release ends it',
      });
    }
  }
  await run.each(run.hosts, (host) => act(host, 'holding the host', writeHold(stateDir(host.target), own)));
}

async function releaseAll<Facts>(run: PlayRun<Facts>, stateDir: StateDir): Promise<void> {
  await run.each(run.hosts, (host) =>
    act(host, 'releasing the host', sh`rm -f -- ${holdFile(stateDir(host.target))}`),
  );
}

async function act<Facts>(host: PlayHost<Facts>, doing: string, shell: Sh): Promise<void> {
  const { code, out } = await host.act(doing, shell);
  if (code === 0) return;
  const { name } = host.target;
  throw new QuorateError(`${name}: ${doing} failed: ${out.trim().split('\n').at(-1)}`, {
    exitCode: EXIT.failed,
    host: name,
  });
}

function writeHold(stateDir: string, holder: Holder): Sh {
  const line = redact(JSON.stringify(holder));
  return sh`mkdir -p ${stateDir} && printf '%s\n' ${line} | q_write ${holdFile(stateDir)} 0600 '' ''`;
}

interface Holders {
  /** Whoever set it: runs are kept off by a file that names nobody, too. */
  readonly hold: { readonly by: Holder | undefined } | undefined;
  /** A lock that was taken on a full disk does not say whose it is. */
  readonly lock: { readonly by: Holder | undefined } | undefined;
}

async function readHolders<Facts>(host: PlayHost<Facts>, stateDir: StateDir): Promise<Holders> {
  const dir = stateDir(host.target);
  const { out } = await host.read(
    'asking who has it',
    sh`if [ -f ${holdFile(dir)} ]; then IFS= read -r q_line <${holdFile(dir)} || :; printf 'hold %s\n' "$q_line"; fi
${readLock(dir)}
if [ -n "$q_owner" ]; then q_by=$(readlink ${`${dir}/lock.by`}); printf 'lock %s\n' "\${q_by#"$q_owner "}"; fi`,
  );
  const of = (name: string) =>
    out
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  const [hold, lock] = [of('hold'), of('lock')];
  const found = (line: string | undefined) => (line === undefined ? undefined : { by: parseHolder(line) });
  return { hold: found(hold), lock: found(lock) };
}
