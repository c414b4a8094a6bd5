import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clearTried, drillShell, triedFile } from '../../../../../lib/etcd/operations/backup/drill/shell.ts';
import type { Snapshot } from '../../../../../lib/etcd/snapshots/index.ts';
import { exchange } from '../../../../../lib/runner/exchange/exchange.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { shellHost } from '../../../support/shell-host.ts';
import { SHELLS } from '../../../support/shells.ts';

const STATUS =
  '[{"Status":{"header":{"cluster_id":1,"member_id":5},"version":"3.6.16","leader":5,"raftIndex":9,"raftTerm":2,"raftAppliedIndex":9}}]';

interface Etcd {
  readonly restores?: boolean;
  /** Shell in place of an etcd that waits to be ended. */
  readonly runs?: string;
  readonly content?: string;
  readonly status?: string;
}

describe.each(SHELLS)('a snapshot that is tried, by %s', (_name, ...shell) => {
  function host({
    restores = true,
    runs = 'exec sleep 60',
    content = 'snapshot',
    status = STATUS,
  }: Etcd = {}) {
    const root = scratch();
    const member = { ...memberBelow(root).member, stateDir: `${root}/state`, backupDir: `${root}/backups` };
    for (const dir of [member.binDir, member.stateDir, `${member.dataDir}/member`])
      mkdirSync(dir, { recursive: true });
    const program = (name: string, script: string) =>
      writeFileSync(`${member.binDir}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const utl = `case " $* " in
  *" snapshot status "*) echo '{"hash":7,"revision":41,"totalKey":13}' ;;
  *" snapshot restore "*) ${restores ? 'while [ "$1" != --data-dir ]; do shift; done; mkdir -p "$2/member"' : 'echo it is damaged; exit 1'} ;;
esac`;
    program('etcdutl', utl);
    program('etcd', `echo $$ >${root}/pid; ${runs}`);
    program(
      'etcdctl',
      `case " $* " in
  *" endpoint status "*) ${status === '' ? 'exit 1' : `echo '${status}'`} ;;
  *" --command-timeout=420s -w json endpoint hashkv --rev=41 "*) echo '[{"HashKV":{"hash":9}}]' ;;
  *" --command-timeout=420s -w json get  --prefix --keys-only --limit=1 --rev=41 "*) echo '{"count":3}' ;;
  *" get "*) printf 'key\\nvalue\\n' ;;
  *" version "*) echo 'etcdctl version: 3.9.0' ;;
esac`,
    );
    writeFileSync(triedFile(member), content);
    const snapshot = {
      sha256: createHash('sha256').update('snapshot').digest('hex'),
      revision: 41,
      size: 8 * 2 ** 30,
    } as Snapshot;
    const script = shellHost(shell);
    const run = async () => {
      const fragment = { id: 'drill', sh: drillShell(member, triedFile(member), snapshot), critical: false };
      const { readings } = await exchange(script, [fragment], { stateDir: member.stateDir });
      return readings.get('drill') ?? { code: 1, out: '' };
    };
    const left = () => [
      ...readdirSync(member.backupDir),
      ...(existsSync(triedFile(member)) ? ['the copy'] : []),
      ...(lives(`${root}/pid`) ? ['etcd'] : []),
    ];
    return { root, member, script, run, left };
  }

  it('is restored beside, asked for as long as its size wants, and nothing is left', async () => {
    const { run, left, member } = host();
    const { code, out } = await run();
    const read = createHash('sha256').update('key\nvalue\n').digest('hex');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(/^seconds \d+\.\d\d$/),
      `status 0 ${STATUS}`,
      'hashkv 0 [{"HashKV":{"hash":9}}]',
      'count 0 {"count":3}',
      `read ${read}`,
      'told 0 {"hash":7,"revision":41,"totalKey":13}',
    ]);
    expect(left()).toEqual([]);
    expect(readdirSync(`${member.dataDir}/member`)).toEqual([]);
  });

  it.each<[string, Etcd, RegExp]>([
    ['has another digest', { content: 'damaged' }, /^it has SHA-256 \w+, wanted \w+$/],
    ['does not restore', { restores: false }, /^it is damaged$/],
    ['does not come up', { runs: 'echo panic; exit 2', status: '' }, /panic/],
  ])('that %s is none, and nothing is left', async (_what, etcd, said) => {
    const { run, left } = host(etcd);
    const { code, out } = await run();
    expect([code, out.trim()]).toEqual([7, expect.stringMatching(said)]);
    expect(left()).toEqual([]);
  });

  it('whose etcd answers in a shape not known here is none that failed: that is said', async () => {
    const { run, left } = host({ status: STATUS.replace('raftTerm', 'term') });
    const { code, out } = await run();
    expect([code, out.trim()]).toEqual([
      1,
      'etcdctl 3.9.0 answered `endpoint status` in a shape not known here',
    ]);
    expect(left()).toEqual([]);
  });

  it('that a killed run left there, half sent or whole, is taken away', async () => {
    const { member, script } = host();
    const part = `${member.stateDir}/.drill.db.quorate-part`;
    writeFileSync(part, '');
    const fragment = { id: 'clear', sh: clearTried(member), critical: false };
    await exchange(script, [fragment], { stateDir: member.stateDir });
    expect([existsSync(part), existsSync(triedFile(member))]).toEqual([false, false]);
  });

  it('is ended and removed where the run is', async () => {
    const { root, run, left } = host({ status: '' });
    const ended = run().catch(() => {});
    await until(() => existsSync(`${root}/pid`) && readFileSync(`${root}/pid`, 'utf8') !== '');
    const group = groupOf(`${root}/pid`);
    process.kill(-group, 'SIGTERM');
    await ended;
    await until(() => left().length === 0);
    expect(left()).toEqual([]);
  });
});

function lives(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

function groupOf(file: string): number {
  const stat = readFileSync(`/proc/${readFileSync(file, 'utf8').trim()}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
}
