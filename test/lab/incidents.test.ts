import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { changeSet, runPlaybook } from './support/playbook.ts';

const DATA = '/var/lib/etcd/default.etcd';

describeLab('trouble is named before it spreads', () => {
  let lab: Lab;
  const site = (...args: string[]) => runPlaybook(lab, args);
  const status = () => runPlaybook(lab, [], { playbook: 'status' });
  const address = (host: string) => lab.hosts.find(({ name }) => name === host)?.address ?? '';

  beforeAll(async () => {
    lab = await startLab({ name: 'incidents' });
  });
  afterAll(async () => lab?.stop());

  it('everything that is in the way on any host, at once, and nothing is written', async () => {
    await lab.ssh(
      'etcd01',
      'systemd-run --quiet --unit=squatter systemd-socket-activate --listen=0.0.0.0:2379 /bin/cat',
    );
    await lab.ssh('etcd02', `mkdir -p /var/lib/etcd && mount -t tmpfs -o size=40m none /var/lib/etcd`);
    await lab.ssh(
      'etcd03',
      [
        `printf '#!/bin/sh\\nexec /bin/date -d "120 seconds" "$@"\\n' >/usr/local/bin/date`,
        'chmod 755 /usr/local/bin/date',
      ].join('\n'),
    );
    const check = await site('--check');
    const run = await site();
    expect([check.code, run.code]).toEqual([3, 3]);
    expect(run.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^etcd01: port 2379, its client port, is taken by systemd-socket\S* \(pid \d+\) on 0\.0\.0\.0$/,
      ),
      'etcd02: /var/lib/etcd has 40 MiB free, 200 MiB are needed for /var/lib/etcd/default.etcd',
      expect.stringMatching(/^etcd03: its clock is (119|120)\.\d s ahead of this machine's \(at most 1 s\)$/),
    ]);
    for (const host of ['etcd01', 'etcd02', 'etcd03']) {
      const { stdout } = await lab.ssh(
        host,
        'ls /opt/etcd /var/lib/quorate 2>/dev/null; id etcd 2>/dev/null; :',
      );
      expect(stdout).toBe('');
    }
    await lab.ssh('etcd01', 'systemctl stop squatter');
    await lab.ssh('etcd02', 'umount /var/lib/etcd');
    await lab.ssh('etcd03', 'rm /usr/local/bin/date');
  });

  it('data on a host that never joined is refused, and moves aside when told so, whole', async () => {
    const listing = `find ${DATA}* -type f -exec sha256sum {} + | cut -c1-64 | sort`;
    await lab.ssh(
      'etcd02',
      `mkdir -p ${DATA}/member/wal ${DATA}/member/snap; head -c 100000 /dev/urandom | tee ${DATA}/member/wal/0.wal >${DATA}/member/snap/db`,
    );
    const { stdout: before } = await lab.ssh('etcd02', listing);
    const refused = await site();
    expect(refused.code).toBe(3);
    expect(refused.errors).toMatchObject([
      { host: 'etcd02', hint: expect.stringContaining('--set-aside-data etcd02') },
    ]);
    const wrong = await site('--set-aside-data', 'etcd03');
    expect(wrong.code).toBe(3);
    const check = await site('--check', '--set-aside-data', 'etcd02');
    const run = await site('--set-aside-data', 'etcd02');
    expect([check.code, run.code]).toEqual([0, 0]);
    expect(changeSet(check)).toEqual(changeSet(run));
    const { stdout: after } = await lab.ssh('etcd02', listing.replace(`${DATA}*`, `${DATA}.set-aside-*`));
    expect(after).toBe(before);
    const again = await site('--set-aside-data', 'etcd02');
    expect([again.code, again.changed]).toEqual([0, []]);
  });

  it('a certificate without the host’s address: which, the names it has, the one it needs; a rerun reissues it', async () => {
    const pki = join(lab.stateDir, '.quorate', 'inventory', 'pki');
    const pair = await lab.run('bash', [
      '-c',
      `cd "$(mktemp -d)" && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr -subj /CN=etcd 2>/dev/null &&
openssl x509 -req -in csr -CA "${pki}/ca.pem" -CAkey "${pki}/ca-key.pem" -days 30 -out cert.pem \
  -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nextendedKeyUsage=serverAuth,clientAuth') 2>/dev/null &&
cat cert.pem key.pem`,
    ]);
    expect(pair.stdout).toContain('BEGIN');
    const [cert = '', key = ''] = pair.stdout.split(/(?=-----BEGIN (?:EC )?PRIVATE KEY)/);
    await lab.ssh(
      'etcd03',
      `cat >/opt/etcd/ssl/server.pem <<'E'\n${cert}E\ncat >/opt/etcd/ssl/server-key.pem <<'E'\n${key}E`,
    );
    const found = await status();
    expect(found.code).toBe(7);
    expect(found.errors[0]?.message).toContain(
      `etcd03: /opt/etcd/ssl/server.pem is for 127.0.0.1, localhost, it needs ${address('etcd03')}: a run reissues it`,
    );
    const run = await site();
    expect(run.code).toBe(0);
    expect(run.changed.map(({ host, role }) => `${host} ${role}`)).toEqual(['etcd03 certs']);
    expect((await status()).code).toBe(0);
  });

  it('the data of another cluster: which host, both IDs, the journal’s line; a member that has joined keeps it', async () => {
    await lab.ssh(
      'etcd02',
      `systemctl stop etcd && mv ${DATA} ${DATA}.own
mkdir -m 700 ${DATA} && chown etcd: ${DATA}
runuser -u etcd -- timeout 5 /opt/etcd/bin/etcd --name etcd02 --data-dir ${DATA} --initial-cluster etcd02=https://${address('etcd02')}:2380 --initial-advertise-peer-urls https://${address('etcd02')}:2380 --listen-peer-urls http://127.0.0.1:12380 --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 >/tmp/other.log 2>&1
systemctl start etcd --no-block; sleep 3`,
      { timeoutMs: 60_000 },
    );
    const run = await site();
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toMatch(
      /^etcd02: its data is of another cluster: its cluster ID is [0-9a-f]{12,16}, that of etcd01, etcd03 is [0-9a-f]{12,16}\n {2}etcd0\d: .*cluster ID mismatch/,
    );
    expect((await status()).code).toBe(7);
    const asked = await site('--set-aside-data', 'etcd02');
    expect(asked.code).toBe(3);
    expect(asked.errors[0]?.message).toMatch(
      /^etcd02: its data stays where it is: member etcd02 \([0-9a-f]+\) has joined inventory before$/,
    );
    const { stdout: left } = await lab.ssh('etcd02', `ls -d ${DATA} ${DATA}.own`);
    expect(left.trim().split('\n')).toHaveLength(2);
  });
});
