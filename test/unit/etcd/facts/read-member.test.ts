import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import { parseMember, readMember } from '../../../../lib/etcd/facts/read-member.ts';
import {
  bootstrapEnvironment,
  closedEnvironment,
  joinEnvironment,
} from '../../../../lib/etcd/files/etcd-conf.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';
import { bootstrapFile } from '../../../../lib/etcd/model/paths.ts';
import { marked } from '../../support/marks.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

/** Answers as `DIR/QUESTION.*` and `DIR/variable` say; `ETCDCTL_API` as etcdctl takes it: 3.3 wants it, 3.6 and later warn of it. */
const ETCDCTL = `#!/bin/sh
cd "$(dirname "$0")" || exit 9
case "$*" in
  *'endpoint status'*) name=status ;;
  *'member list'*) name=members ;;
  *'endpoint hashkv'*) name=hash ;;
  *'endpoint health'*) name=health ;;
  *'alarm list'*) name=alarm ;;
esac
read -r variable <variable
case $variable:\${ETCDCTL_API-} in
  wanted:) echo 'No help topic' >&2; exit 3 ;;
  warned:?*) echo '{"level":"warn","msg":"unrecognized environment variable"}' >&2 ;;
esac
cat "$name.out"
cat "$name.err" >&2
read -r code <"$name.code"
exit "$code"
`;

const processes: ChildProcess[] = [];
afterAll(() => {
  for (const one of processes) one.kill();
});

/** A folder with programs of a version, and a process that runs from it. */
function install(
  version: string,
  alarm: string,
  always = '',
  env: NodeJS.ProcessEnv = {},
): { readonly dir: string; readonly pid: number } {
  const dir = scratch();
  const file = new URL(`etcdctl/answers/${version}.json`, import.meta.url);
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    { readonly code: number; readonly stdout: string; readonly stderr: string }
  >;
  const questions = { status: 'status', members: 'members', hash: 'hash', health: 'health', alarm };
  for (const [name, from] of Object.entries(questions)) {
    const { code, stdout, stderr } = recorded[from] as NonNullable<(typeof recorded)[string]>;
    writeFileSync(join(dir, `${name}.out`), stdout);
    writeFileSync(join(dir, `${name}.err`), always + stderr);
    writeFileSync(join(dir, `${name}.code`), `${code}\n`);
  }
  const variable = version.startsWith('3.3.') ? 'wanted' : /^3\.[45]\./.test(version) ? '' : 'warned';
  writeFileSync(join(dir, 'variable'), `${variable}\n`);
  writeFileSync(join(dir, 'etcdctl'), ETCDCTL);
  chmodSync(join(dir, 'etcdctl'), 0o755);
  if (!/^3\.[34]\./.test(version)) writeFileSync(join(dir, 'etcdutl'), '');
  mkdirSync(join(dir, 'state'));
  writeFileSync(join(dir, 'state/release'), `${version} a mirror\n`);
  copyFileSync('/bin/sleep', join(dir, 'etcd'));
  chmodSync(join(dir, 'etcd'), 0o755);
  const member = spawn(join(dir, 'etcd'), ['60'], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  processes.push(member);
  return { dir, pid: member.pid ?? 0 };
}

function read(
  { dir, pid }: ReturnType<typeof install>,
  [shell = '', ...args]: readonly string[],
  revision = 0,
) {
  const member = {
    manager: 'systemd',
    service: 'etcd',
    binDir: dir,
    certDir: dir,
    dataDir: join(dir, 'data'),
    stateDir: join(dir, 'state'),
    clientUrl: 'https://10.0.0.1:2379',
  } as Member;
  const systemd = `systemctl() { printf '%s\\n' MainPID=${pid} User= 'ExecStart={ path=${dir}/etcd ; }'; }`;
  const asks = readMember(member, revision).text.replace(bootstrapFile(member), join(dir, 'bootstrap.env'));
  const script = `${PRELUDE}\nq_state=${dir}/state\n${systemd}\n${asks}`;
  // Without SHLVL bash takes itself for one of rshd, and reads ~/.bashrc.
  const env = { PATH: process.env.PATH ?? '', SHLVL: '1' };
  const { stdout: printed } = spawnSync(shell, [...args, '-c', script], { encoding: 'utf8', env });
  const stdout = marked(printed);
  // Written by processes side by side, of which some write line by line: none may need another line.
  const asked = stdout.slice(0, stdout.indexOf(`${MARK}@version`));
  expect(
    asked
      .trimEnd()
      .split('\n')
      .filter((line) => !new RegExp(`^${MARK}@\\w+!? \\d+\\b`).test(line)),
  ).toEqual([]);
  return parseMember(stdout, revision);
}

it.each(SHELLS)(
  'a member of every version is read as it is, also beside warnings, under %s',
  (...[, ...shell]) => {
    for (const version of ['3.3.25', '3.4.23', '3.5.30', '3.6.16', '3.7.3']) {
      const quiet = read(install(version, 'no alarm'), shell);
      expect(quiet).toMatchObject({
        healthy: true,
        said: '',
        unanswered: [],
        alarms: [],
        status: { version },
      });
      expect([quiet.members?.length, quiet.hash?.hash]).toEqual([3, 1_204_665_518]);
      const warned = install(version, 'alarm NOSPACE', '{"level":"warn","msg":"it may be so"}\n');
      const told = read(warned, shell);
      expect(told.alarms).toContainEqual({ memberId: '667880157b8812c8', alarm: 'NOSPACE' });
      expect({ ...told, alarms: [], status: undefined }).toEqual({ ...quiet, status: undefined });
    }
  },
);

it.each(SHELLS)('large data is hashed only where a revision is asked for, under %s', (...[, ...shell]) => {
  const at = install('3.6.16', 'no alarm');
  mkdirSync(join(at.dir, 'data/member/snap'), { recursive: true });
  writeFileSync(join(at.dir, 'data/member/snap/db'), '');
  truncateSync(join(at.dir, 'data/member/snap/db'), 2 ** 31);
  const plain = read(at, shell);
  expect(plain).toMatchObject({ healthy: true, unhashed: 2 ** 31, unanswered: [] });
  expect(plain.hash).toBeUndefined();
  const asked = read(at, shell, 5);
  expect(asked).toMatchObject({ hash: { revision: 5 }, unanswered: [] });
  expect(asked.unhashed).toBeUndefined();
});

it('what etcdctl says of a member that does not answer is kept, and no warning is in it', () => {
  const [, ...shell] = SHELLS[0] as (typeof SHELLS)[number];
  const at = install('3.7.3', 'no alarm');
  for (const name of ['status', 'members', 'hash', 'alarm']) {
    writeFileSync(join(at.dir, `${name}.code`), '1\n');
    writeFileSync(join(at.dir, `${name}.out`), 'null\n');
    writeFileSync(join(at.dir, `${name}.err`), '{"level":"warn"}\nError: context deadline exceeded\n');
  }
  const reading = read(at, shell);
  expect(reading).toMatchObject({
    healthy: false,
    said: '{"level":"warn"}\nError: context deadline exceeded',
  });
  expect(reading.unanswered?.map(({ kind, said }) => `${kind}: ${said}`)).toEqual(
    Array(4).fill('refused: Error: context deadline exceeded'),
  );
});

it('an etcdctl that answers as none known here does is named with its version', () => {
  const [, ...shell] = SHELLS[0] as (typeof SHELLS)[number];
  const at = install('3.7.3', 'no alarm');
  writeFileSync(join(at.dir, 'state/release'), '3.9.0 a mirror\n');
  writeFileSync(join(at.dir, 'status.out'), '{"statuses":[]}\n');
  const reading = read(at, shell);
  expect(reading).toMatchObject({ healthy: true, alarms: [] });
  expect(reading.unanswered).toEqual([
    {
      question: 'endpoint status',
      kind: 'unknown',
      said: 'etcdctl 3.9.0 answered `endpoint status` in a shape not known here',
    },
  ]);
});

it.each(SHELLS)(
  'a member that a verb has closed is known by the file that did it, under %s',
  (...[, ...shell]) => {
    const at = install('3.7.3', 'no alarm', '', {
      ETCD_ADVERTISE_CLIENT_URLS: 'https://10.0.0.1:2379',
      ETCD_LISTEN_CLIENT_URLS: 'https://127.0.0.1:2379',
    });
    const look = () => {
      const { closed, closedByVerb } = read(at, shell);
      return [closed, closedByVerb];
    };
    expect(look()).toEqual([true, undefined]);
    writeFileSync(join(at.dir, 'bootstrap.env'), bootstrapEnvironment('t'));
    expect(look()).toEqual([true, undefined]);
    const member = { clientPort: 2379 } as Member;
    writeFileSync(join(at.dir, 'bootstrap.env'), joinEnvironment(['a=b']) + closedEnvironment(member));
    expect(look()).toEqual([true, true]);
  },
);

it.each<[string, string, number | undefined]>([
  ['of its own', '4194304', 4_194_304],
  ['without an end', '-1', -1],
  ['of etcd', '0', undefined],
  ['that it made up', '4 MiB', undefined],
])('a member has the quota that it was started with: one %s', (_what, text, quota) => {
  expect(parseMember(`${MARK}@quota 0 ${text}\n`).quota).toBe(quota);
});
