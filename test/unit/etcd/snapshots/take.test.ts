import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { listSnapshots, parseSnapshots } from '../../../../lib/etcd/snapshots/read.ts';
import { takeSnapshot } from '../../../../lib/etcd/snapshots/take.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

const DATA = Buffer.alloc(1024, 'x');
const STATUS =
  '[{"Endpoint":"x","Status":{"header":{"cluster_id":17823499234872349123,"member_id":5,"revision":41,"raft_term":2},"version":"3.6.16","dbSize":1024,"leader":5,"raftIndex":9,"raftTerm":2,"raftAppliedIndex":9,"dbSizeInUse":512,"storageVersion":"3.6.0"}}]';
const TOLD = '{"hash":2785221112,"revision":40,"totalKey":13,"totalSize":1024,"version":"3.6.0"}';

interface Etcd {
  /** What `snapshot save` leaves behind. */
  readonly file?: Buffer;
  /** What the tool says of it. */
  readonly told?: string;
  readonly utl?: boolean;
  readonly saves?: boolean;
  readonly said?: string;
}

describe.each(SHELLS)('a snapshot, by %s', (_name, ...shell) => {
  function host({ file = whole(DATA), told = TOLD, utl = true, saves = true, said = STATUS }: Etcd = {}) {
    const root = join(scratch(), "it's here");
    const bin = `${root}/bin`;
    mkdirSync(bin, { recursive: true });
    mkdirSync(`${root}/data`);
    writeFileSync(`${root}/file`, file);
    const status = `case " $* " in *" version "*) echo 'etcdutl version: 3.9.0'; exit ;; *" snapshot status "*) printf '%s\\n' '${told}'; exit ;; esac\n`;
    const save = saves
      ? `for f; do :; done; cp '${root.replaceAll("'", "'\\''")}/file' "$f"; echo saved`
      : 'exit 1';
    writeFileSync(
      `${bin}/etcdctl`,
      `#!/bin/sh\ncase " $* " in *" endpoint status "*) echo '${said}'; exit ;; *" version "*) echo 'etcdctl version: 3.9.0'; exit ;; *" snapshot save "*) ${save}; exit ;; esac\n${utl ? 'exit 7' : status}`,
      { mode: 0o755 },
    );
    if (utl) writeFileSync(`${bin}/etcdutl`, `#!/bin/sh\n${status}`, { mode: 0o755 });
    const vars = {
      ...DEFAULTS,
      etcd_cluster_name: 'prod-a',
      etcd_address: '10.0.0.1',
      etcd_service_manager: 'process',
      etcd_bin_dir: bin,
      etcd_config_dir: `${root}/cfg`,
      etcd_cert_dir: `${root}/ssl`,
      etcd_data_dir: `${root}/data`,
      etcd_backup_dir: `${root}/of/backups`,
    };
    const member = memberOf({ name: 'etcd01', vars, hostvars: { etcd01: vars } });
    const run = async (script: ReturnType<typeof listSnapshots>) => {
      const fragment = { id: 'asked', sh: script, critical: false };
      const { readings } = await exchange(shellHost(shell), [fragment], { stateDir: `${root}/state` });
      return readings.get('asked') ?? { code: 1, out: '' };
    };
    return {
      dir: `${root}/of/backups`,
      take: () => run(takeSnapshot(member, 'r1', 60, { before: 'upgrade' })),
      list: async (cluster = 'prod-a') => parseSnapshots((await run(listSnapshots(member))).out, cluster),
    };
  }

  it.each([
    ['etcdutl', true],
    ['etcdctl, before 3.5', false],
  ])('is taken, verified by %s, and described', async (_tool, utl) => {
    const { dir, take, list } = host({ utl });
    expect(await list()).toMatchObject({ verified: [], unverified: [] });
    const { code, out } = await take();
    expect([code, out]).toEqual([0, expect.stringMatching(/^snapshot prod-a-\d{8}T\d{6}Z-r40\.db \{/m)]);
    const { verified, unverified, room } = await list();
    expect(unverified).toEqual([]);
    expect(verified).toHaveLength(1);
    expect(verified[0]).toMatchObject({
      member: 'etcd01',
      cluster: 'prod-a',
      clusterId: 'f759ca1f050351c3',
      revision: 40,
      keys: 13,
      size: 1024,
      hash: 2785221112,
      sha256: createHash('sha256').update(whole(DATA)).digest('hex'),
      version: '3.6.16',
      run: 'r1',
      before: 'upgrade',
    });
    expect(verified[0]?.age).toBeLessThan(10_000);
    expect(room.freeKiB).toBeGreaterThan(0);
    expect(room.sharesData).toBe(true);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const files = readdirSync(dir);
    expect(files).toHaveLength(2);
    for (const file of files) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    expect(await list('prod')).toMatchObject({ verified: [], unverified: [] });
  });

  it.each<[string, Etcd, RegExp]>([
    ['has another digest at its end', { file: Buffer.concat([DATA, Buffer.alloc(32)]) }, /SHA-256/],
    ['is cut short', { file: whole(DATA).subarray(0, 1000) }, /1000 bytes: no digest/],
    ['cannot be read by a tool', { told: 'NAME: etcdctl', utl: false }, /etcdutl is missing/],
    [
      'is told of in a shape not known here',
      { told: TOLD.replace('totalKey', 'keys') },
      /etcdutl 3\.9\.0 answered `snapshot status` in a shape not known here$/,
    ],
    ['was not sent', { saves: false }, /^$/],
  ])('that %s is none', async (_what, etcd, said) => {
    const { dir, take, list } = host(etcd);
    const { code, out } = await take();
    expect([code, out.trim()]).toEqual([1, expect.stringMatching(said)]);
    expect(readdirSync(dir)).toEqual([]);
    expect(await list()).toMatchObject({ verified: [], unverified: [] });
  });

  it('is not taken of a member whose status is in a shape not known here, and that is said', async () => {
    const { take } = host({ said: STATUS.replace('raftTerm', 'term') });
    const { code, out } = await take();
    expect([code, out.trim()]).toEqual([
      1,
      'etcdctl 3.9.0 answered `endpoint status` in a shape not known here',
    ]);
  });

  it('without its description, or of another size than that says, is named and counts as nothing', async () => {
    const { dir, take, list } = host();
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'prod-a-20261127T101500Z-r1.db'), 'x');
    writeFileSync(join(dir, 'somebody-elses.db'), 'x');
    await take();
    const [db = ''] = readdirSync(dir).filter((file) => file.endsWith('-r40.db'));
    const before = await list();
    expect([before.verified.map(({ file }) => file), before.unverified]).toEqual([
      [db],
      ['prod-a-20261127T101500Z-r1.db'],
    ]);
    writeFileSync(join(dir, db), readFileSync(join(dir, db)).subarray(1));
    expect((await list()).verified).toEqual([]);
  });
});

/** As etcd sends it: the data, and its digest. */
function whole(data: Buffer): Buffer {
  return Buffer.concat([data, createHash('sha256').update(data).digest()]);
}
