import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { furtherAnswers } from './support/cases/furtherAnswers.ts';
import { must, type Outcome, run, waitFor } from './support/host/process.ts';
import { CHECKOUT } from './support/paths.ts';
import { ETCD_VERSIONS } from './support/releases/etcdVersions.ts';
import { tarballOf } from './support/releases/releases.ts';

/**
 * Records what the etcdctl of every version prints, for the tables of `test/unit/etcd/facts/etcdctl/answers`:
 * `npx tsx test/lab/recordAnswers.ts [VERSION…]`. Three members on loopback, without TLS; takes seconds a version.
 */
const PORT = 42379;
const NAMES = ['a', 'b', 'c'];
const url = (i: number, peer = 0) => `http://127.0.0.1:${PORT + 10 * i + peer}`;

const wanted = process.argv.slice(2);
for (const version of wanted.length > 0 ? wanted : ETCD_VERSIONS) {
  const answers = await record(version);
  const file = join(CHECKOUT, 'test/unit/etcd/facts/etcdctl/answers', `${version}.json`);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`);
  console.log(file);
}

/** What was printed for each question, by its name. */
async function record(version: string): Promise<Record<string, Outcome>> {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-answers-'));
  const members: ChildProcess[] = [];
  const stop = () => endAll(members.splice(0));
  try {
    const arch = (await must('dpkg', ['--print-architecture'])).trim();
    await must('tar', ['-xzf', tarballOf(version, arch), '-C', dir, '--strip-components=1']);
    for (const [i] of NAMES.entries()) members.push(startMember(dir, i));
    const answers = await ask(dir, version);
    await stop();
    const dataDir = join(dir, 'alone');
    const etcdctl = ctlOf(dir, version);
    const start = async () => {
      members.push(startAlone(dir, dataDir, version));
      await healthy(version, [url(0)], etcdctl);
    };
    await start();
    return {
      ...answers,
      ...(await furtherAnswers({ url: url(0), dir, dataDir, version, etcdctl, start, stop })),
    };
  } finally {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function endAll(members: readonly ChildProcess[]): Promise<void> {
  const ended = members.map((member) => new Promise((resolve) => member.once('exit', resolve)));
  for (const member of members) member.kill('SIGKILL');
  await Promise.all(ended);
}

/** A member of its own; 3.5 keeps API 2 closed unless it is told. */
function startAlone(dir: string, dataDir: string, version: string): ChildProcess {
  const args = [
    ...[`--data-dir=${dataDir}`, `--listen-client-urls=${url(0)}`, `--advertise-client-urls=${url(0)}`],
    ...[`--listen-peer-urls=${url(0, 1)}`, `--initial-advertise-peer-urls=${url(0, 1)}`],
    ...[
      `--initial-cluster=default=${url(0, 1)}`,
      ...(version.startsWith('3.5.') ? ['--enable-v2', '--snapshot-count=10'] : []),
    ],
  ];
  return spawn(join(dir, 'etcd'), args, { stdio: 'ignore' });
}

type Ctl = (
  args: readonly string[],
  input?: string,
  within?: readonly string[],
  at?: string,
) => Promise<Outcome>;

/** etcdctl of a version; `within` are words in front, as `timeout 1`. */
function ctlOf(dir: string, version: string): Ctl {
  const api = version.startsWith('3.3.') ? '3' : undefined;
  return (args, input = '', within = [], at = url(0)) => {
    const [program = '', ...words] = [
      ...within,
      join(dir, 'etcdctl'),
      `--endpoints=${at}`,
      '--command-timeout=3s',
    ];
    return run(program, [...words, ...args], { env: { ETCDCTL_API: api }, input });
  };
}

async function healthy(version: string, urls: readonly string[], etcdctl: Ctl): Promise<void> {
  await waitFor(`etcd ${version}`, 20_000, async () => {
    const all = await Promise.all(urls.map((at) => etcdctl(['endpoint', 'health'], '', [], at)));
    return all.every(({ code }) => code === 0) || undefined;
  });
}

function startMember(dir: string, i: number): ChildProcess {
  const settings = {
    name: NAMES[i],
    'data-dir': join(dir, `data-${i}`),
    'listen-client-urls': url(i),
    'advertise-client-urls': url(i),
    'listen-peer-urls': url(i, 1),
    'initial-advertise-peer-urls': url(i, 1),
    'initial-cluster': NAMES.map((name, at) => `${name}=${url(at, 1)}`).join(','),
    // The least that 3.3 takes; one large value fills it.
    'quota-backend-bytes': 1 << 20,
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  return spawn(join(dir, 'etcd'), args, { stdio: 'ignore' });
}

async function ask(dir: string, version: string): Promise<Record<string, Outcome>> {
  const api = version.startsWith('3.3.') ? '3' : undefined;
  const ctl = (args: readonly string[], endpoint = url(0), input = '', variable = api) =>
    run(join(dir, 'etcdctl'), [`--endpoints=${endpoint}`, '--command-timeout=3s', ...args], {
      env: { ETCDCTL_API: variable },
      input,
    });
  const json = (...args: string[]) => ctl(['-w', 'json', ...args]);
  await healthy(
    version,
    NAMES.map((_, i) => url(i)),
    ctlOf(dir, version),
  );
  await json('put', 'key', 'one');
  await json('put', 'key', 'two');
  const status = await json('endpoint', 'status');
  const ids = [...status.stdout.matchAll(/"(?:member_id|leader)":(\d+)/g)].map(([, id]) => BigInt(id ?? 0));
  const members = await json('member', 'list');
  const all = [...members.stdout.matchAll(/"ID":(\d+)/g)].map(([, id]) => BigInt(id ?? 0));
  const leader = ids[1] ?? 0n;
  const other = all.find((id) => id !== leader) ?? 0n;
  const everywhere = NAMES.map((_, i) => url(i)).join(',');
  return {
    status,
    'status with ETCDCTL_API=3': await ctl(['-w', 'json', 'endpoint', 'status'], url(0), '', '3'),
    members,
    health: await ctl(['endpoint', 'health']),
    hash: await json('endpoint', 'hashkv'),
    'hash at 2': await json('endpoint', 'hashkv', '--rev=2'),
    'no alarm': await json('alarm', 'list'),
    'move-leader': await ctl(['move-leader', other.toString(16)], everywhere),
    'move-leader to nobody': await ctl(['move-leader', '1'], everywhere),
    ...(await compacted(json)),
    ...(await full(ctl, json)),
    'status of nobody': await ctl(
      ['-w', 'json', '--dial-timeout=1s', 'endpoint', 'status'],
      'http://127.0.0.1:1',
    ),
  };
}

async function compacted(json: (...args: string[]) => Promise<Outcome>): Promise<Record<string, Outcome>> {
  await json('compaction', '3');
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    'hash at a compacted revision': await json('endpoint', 'hashkv', '--rev=2'),
    'hash after a compaction': await json('endpoint', 'hashkv'),
    'hash at a revision to come': await json('endpoint', 'hashkv', '--rev=99'),
  };
}

async function full(
  ctl: (args: readonly string[], endpoint?: string, input?: string) => Promise<Outcome>,
  json: (...args: string[]) => Promise<Outcome>,
): Promise<Record<string, Outcome>> {
  for (let i = 0; i < 5; i++) await ctl(['put', `large-${i}`], url(0), 'x'.repeat(600_000));
  return {
    'alarm NOSPACE': await json('alarm', 'list'),
    'status under NOSPACE': await json('endpoint', 'status'),
    'health under NOSPACE': await ctl(['endpoint', 'health']),
  };
}
