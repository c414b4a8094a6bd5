import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confOf } from '../fuzz/environments.ts';
import { dice, hostile } from '../fuzz/strings.ts';
import { release, sha256, tar } from '../unit/release/tarball.ts';
import { startClient } from './support/client.ts';
import { describeLab } from './support/describeLab.ts';
import { during } from './support/during.ts';
import { etcdctl, leaderOf } from './support/etcdctl.ts';
import { buildByHand, installPackaged } from './support/foreign.ts';
import { type Lab, startLab } from './support/lab.ts';
import { plantLeaf } from './support/leaf.ts';
import { type Outcome, runPlaybook } from './support/playbook.ts';
import { tarballOf, usualVersion } from './support/releases.ts';

/** `npm run test:faults` runs the slow ones, too: half a minute each. */
const slow = process.env.QUORATE_FAULTS === 'all' ? it : it.skip;

const DATA = '/var/lib/etcd/default.etcd';
const SSL = '/opt/etcd/ssl';
const BIN = '/opt/etcd/bin';
const TARBALL = basename(tarballOf(usualVersion(), 'amd64'));

describeLab('faults, each with its exit code, and what the message must name', () => {
  let lab: Lab;
  let setting = 20_000;
  const site = (...args: string[]) => runPlaybook(lab, args);
  const status = () => runPlaybook(lab, [], { playbook: 'status' });
  const on = async (host: string, script: string, input?: string) => {
    const done = await lab.ssh(host, script, input === undefined ? {} : { input });
    return done.stdout.trim();
  };
  const onAll = (script: string) => Promise.all(lab.hosts.map(({ name }) => on(name, script)));
  const pids = () => onAll('systemctl show -p MainPID --value etcd');
  /** A roll: a setting that every member must be restarted for. */
  const roll = () => {
    setting += 1;
    return ['-e', `{"etcd_settings":{"snapshot-count":${setting}}}`];
  };
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const control = () => join(lab.stateDir, '.quorate/inventory');
  /** Until members that were started anew have found each other. */
  const healthy = async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const { code } = await site();
      if (code === 0) return;
    }
    throw new Error('the cluster did not come back');
  };

  beforeAll(async () => {
    lab = await startLab({ name: 'faults' });
  });
  afterAll(async () => {
    await lab?.run('umount', ['-q', control()]);
    await lab?.stop();
  });

  describe('archives', () => {
    const real = () => readFileSync(tarballOf(usualVersion(), 'amd64'));
    const sums = (bytes: Buffer) => `${sha256(bytes)}  ${TARBALL}\n`;
    const climbing = () =>
      gzipSync(tar([{ name: '../../../../tmp/evil', body: Buffer.from('x') }, ...release(usualVersion())]));
    const CASES: readonly (readonly [string, () => Buffer, () => Buffer, RegExp])[] = [
      ['climbs out', climbing, climbing, /"\.\.\/\.\.\/\.\.\/\.\.\/tmp\/evil" leaves the folder/],
      [
        'is cut off',
        () => real().subarray(0, 5_000_000),
        real,
        /wanted sha256 [0-9a-f]{64}\n {2}got {4}sha256 [0-9a-f]{64}/,
      ],
      [
        'is another one',
        () => readFileSync(tarballOf('3.4.23', 'amd64')),
        real,
        /wanted sha256 [0-9a-f]{64}\n {2}got {4}sha256 [0-9a-f]{64}/,
      ],
    ];

    it.each(CASES)('one that %s: 5, and nothing of it is anywhere', async (_name, bytes, summed, message) => {
      const folder = join(lab.wwwDir, 'evil');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, TARBALL), bytes());
      writeFileSync(join(folder, 'SHA256SUMS'), sums(summed()));
      const run = await site('-r', 'binaries', '-e', `etcd_download_url=${lab.mirrorUrl}/evil/${TARBALL}`);
      expect(run.code).toBe(5);
      expect(said(run)).toMatch(message);
      expect(readdirSync(join(control(), 'cache'))).toEqual(['.gitignore']);
      expect(existsSync('/tmp/evil')).toBe(false);
      expect(await onAll('find /opt/etcd -type f')).toEqual(['', '', '']);
    });
  });

  describe('what is not ours', () => {
    const state = (paths: string) =>
      onAll(
        `find ${paths} /etc/systemd -path '*/member' -prune -o -type f -exec sha256sum {} + 2>/dev/null | sort; systemctl show -p MainPID etcd; ls /var/lib/quorate 2>/dev/null`,
      );

    it('a cluster built by hand from the tutorial: 3 for each host, and untouched', async () => {
      await buildByHand(lab);
      const up = `until ${BIN}/etcdctl --endpoints=http://127.0.0.1:2379 cluster-health | grep -q 'cluster is healthy'; do sleep 0.2; done`;
      await onAll(`timeout 30 sh -c "${up}"`);
      const before = await state('/opt/etcd /usr/lib/systemd/system/etcd.service /var/lib/etcd');
      for (const args of [['--check'], []]) {
        const run = await site(...args);
        expect(run.code).toBe(3);
        expect(run.errors.map(({ host }) => host)).toEqual(['etcd01', 'etcd02', 'etcd03']);
        expect(said(run)).toContain(
          'etcd01: etcd runs, and it was not set up from here (no /var/lib/quorate/etcd)',
        );
        expect(said(run)).toContain('it is left untouched');
      }
      const aside = await site('--set-aside-data', 'etcd02');
      expect(aside.code).toBe(3);
      expect(await state('/opt/etcd /usr/lib/systemd/system/etcd.service /var/lib/etcd')).toEqual(before);
      await lab.reset();
    });

    it('the etcd of the distribution: 3, and untouched', async () => {
      await installPackaged(lab, 'etcd01');
      const before = await state('/usr/bin/etcd /lib/systemd/system/etcd.service');
      const run = await site();
      expect(run.code).toBe(3);
      expect(said(run)).toContain('etcd01: etcd runs, and it was not set up from here');
      expect(await state('/usr/bin/etcd /lib/systemd/system/etcd.service')).toEqual(before);
      await on('etcd01', 'systemctl disable -q --now etcd');
      const check = await site('--check');
      expect(check.text).toContain(
        '/lib/systemd/system/etcd.service is there, too: /etc/systemd/system/etcd.service takes its place',
      );
      await lab.reset('etcd01');
    });
  });

  describe('a disk of control that is full', () => {
    it('2 and the path; what was written is whole, and goes on from there', async () => {
      rmSync(control(), { recursive: true, force: true });
      mkdirSync(control(), { recursive: true });
      await lab.run('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', control()]);
      const ballast = join(control(), 'ballast');
      writeFileSync(ballast, Buffer.alloc(16_384));
      const first = await site();
      rmSync(ballast);
      const second = await site('-r', 'certs');
      const key = readFileSync(join(control(), 'pki/ca-key.pem'), 'utf8');
      const left = readdirSync(join(control(), 'pki'));
      await lab.run('mount', ['-o', 'remount,size=200m', control()]);
      expect(first.code).toBe(2);
      expect(said(first)).toContain(`cannot write ${control()}/bootstrap-token on this machine: ENOSPC`);
      expect(second.code).toBe(2);
      expect(said(second)).toMatch(/cannot write \S+\/pki\/\S+ on this machine: ENOSPC/);
      expect(await onAll(`ls ${SSL} 2>/dev/null`)).toEqual(['', '', '']);
      expect(key).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n[\s\S]+-----END EC PRIVATE KEY-----\n$/);
      expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const third = await site('-r', 'certs');
      expect(third.errors).toEqual([]);
      expect(readFileSync(join(control(), 'pki/ca-key.pem'), 'utf8')).toBe(key);
    });
  });

  it('a host that is killed in the middle of a first run: 4; a rerun converges', async () => {
    const run = await during(
      lab,
      [],
      ({ host, status }, seen) => host === 'etcd02' && status === 'changed' && seen > 12,
      () => lab.kill('etcd02'),
    );
    expect(run.code).toBe(4);
    expect(said(run)).toMatch(/etcd02: the connection was lost, so the outcome there is unknown/);
    await lab.boot('etcd02');
    const rerun = await site();
    expect(rerun.errors).toEqual([]);
    expect(rerun.code).toBe(0);
    expect((await site()).changed).toEqual([]);
  });

  describe('the CA', () => {
    const fingerprint = async () => {
      const { stdout } = await lab.run('openssl', [
        ...['x509', '-in', `${control()}/pki/ca.pem`, '-noout', '-fingerprint', '-sha256'],
      ]);
      return stdout.trim().split('=')[1]?.replaceAll(':', '').toLowerCase() ?? 'none';
    };

    it.each(['ca-key.pem', 'ca.pem ca-key.pem'])(
      'whose %s is lost: 3, the fingerprint in use, no new CA',
      async (lost) => {
        const inUse = await fingerprint();
        const files = lost.split(' ').map((name) => join(control(), 'pki', name));
        const kept = files.map((path) => [path, readFileSync(path)] as const);
        for (const path of files) rmSync(path);
        const run = await site('-e', '{"etcd_extra_sans":["lost.example"]}');
        const made = files.filter((path) => existsSync(path));
        for (const [path, bytes] of kept) writeFileSync(path, bytes, { mode: 0o600 });
        expect(run.code).toBe(3);
        expect(said(run)).toContain(`(SHA-256 ${inUse})`);
        expect(said(run)).toContain('from who made the cluster, or from a backup');
        expect(made).toEqual([]);
        expect((await onAll(`sha256sum <${SSL}/ca.pem`)).every((sum, _, [first]) => sum === first)).toBe(
          true,
        );
      },
    );

    it('that is another one in the file of a host is put back: by its record it is the one in use', async () => {
      const inUse = await fingerprint();
      await on(
        'etcd03',
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out ${SSL}/ca.pem -days 9 -subj /CN=other`,
      );
      const run = await site();
      const there = await on('etcd03', `openssl x509 -in ${SSL}/ca.pem -noout -fingerprint -sha256`);
      expect(run.code).toBe(0);
      expect(there.trim().split('=')[1]?.replaceAll(':', '').toLowerCase()).toBe(inUse);
    });
  });

  describe('certificates that others reject', () => {
    const iso = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const CASES: readonly (readonly [
      string,
      Parameters<typeof plantLeaf>[2],
      Parameters<typeof plantLeaf>[3],
      () => string,
    ])[] = [
      [
        'one that is over',
        'server',
        { from: -9, until: -2 },
        () => `server.pem ended ${iso(-2)}: a run renews it`,
      ],
      ['one that is not valid yet', 'server', { from: 2 }, () => `server.pem is valid from ${iso(2)}T`],
      [
        'a peer’s for another address',
        'peer',
        { names: ['10.9.9.9'] },
        () => 'peer.pem is for 10.9.9.9, it needs 10.0.52.6: a run reissues it',
      ],
      [
        'a server’s that is for no client',
        'server',
        { usages: ['signing', 'server auth'] },
        () => 'server.pem is not for client auth: a run reissues it',
      ],
    ];

    it.each(CASES)('%s: 7, the path, and what is wrong', async (_name, kind, leaf, message) => {
      await plantLeaf(lab, 'etcd03', kind, leaf);
      const run = await status();
      expect(run.code).toBe(7);
      expect(said(run)).toContain(`etcd03: ${SSL}/${message()}`);
    });

    it('a run reissues them, and nothing else', async () => {
      const run = await site();
      expect(run.errors).toEqual([]);
      expect(new Set(run.changed.map(({ host, role }) => `${host} ${role}`))).toEqual(
        new Set(['etcd03 certs']),
      );
      expect((await status()).code).toBe(0);
    });
  });

  it('a data directory of another owner: put right, and said', async () => {
    await on('etcd03', `chown root:root ${DATA}; chmod 0755 ${DATA}`);
    const run = await site();
    expect(run.code).toBe(0);
    const [change] = run.changed;
    expect(change?.changes.map(({ property, before, after }) => `${property}: ${before} → ${after}`)).toEqual(
      ['mode: 0755 → 0700', 'owner: root → etcd', 'group: root → etcd'],
    );
  });

  describe('the file system of the binaries', () => {
    const repair = async (mount: string) => {
      const old = await on(
        'etcd03',
        `cp -a ${BIN} /run/bin.own; sha256sum <${BIN}/etcd; mount -t tmpfs -o size=70m,mode=755 none ${BIN}
cp -a /run/bin.own/. ${BIN}/; echo >>${BIN}/etcdctl; ${mount}`,
      );
      const before = await pids();
      const run = await site();
      const now = await on('etcd03', `sha256sum <${BIN}/etcd`);
      expect(now).toBe(old);
      expect(await pids()).toEqual(before);
      await on('etcd03', `umount -l ${BIN}; rm -rf /run/bin.own`);
      expect(run.code).toBe(2);
      return said(run);
    };

    it('is full: 2, the mount; the old binary stays, and runs', async () => {
      expect(await repair(':')).toMatch(
        /etcd03: cannot write \/opt\/etcd\/bin\/\S+: cat: write error: No space left on device; \/opt\/etcd\/bin has \d+ KiB free/,
      );
    });

    it('is read-only: 2, the mount; the old binary stays, and runs', async () => {
      expect(await repair(`mount -o remount,ro ${BIN}`)).toMatch(
        /etcd03: cannot write \/opt\/etcd\/bin\/\S+: .*Read-only file system; \/opt\/etcd\/bin has \d+ KiB free/,
      );
    });
  });

  it('records on a read-only file system, a dead lock among them: 2, path and reason, no holder', async () => {
    const records = '/var/lib/quorate';
    const before = await pids();
    await on(
      'etcd03',
      `ln -s 999999999:1:somebody@elsewhere ${records}/etcd/lock; mount --bind ${records} ${records}; mount -o remount,ro,bind ${records}`,
    );
    const run = await site(...roll());
    await on('etcd03', `umount ${records}`);
    expect(run.code).toBe(2);
    expect(run.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^etcd03: the run lock \/var\/lib\/quorate\/etcd\/lock cannot be written: ln: .*Read-only file system$/,
      ),
    ]);
    expect(await pids()).toEqual(before);
    expect((await site()).code).toBe(0);
  });

  it('2380 dropped one way: 7, from whom to whom, and the rule', async () => {
    const leader = await leaderOf(lab);
    const [host = ''] = lab.hosts.map(({ name }) => name).filter((name) => name !== leader);
    const address = lab.hosts.find(({ name }) => name === leader)?.address;
    await on(
      host,
      `nft 'add table inet cut; add chain inet cut input { type filter hook input priority -10; }; add rule inet cut input ip saddr ${address} tcp dport 2380 drop'; sleep 2`,
    );
    const run = await status();
    await on(host, 'nft delete table inet cut');
    expect(run.code).toBe(7);
    expect(said(run)).toContain(
      `${leader} → ${host}:2380 filtered; ${host} has the rule "ip saddr ${address} tcp dport 2380 drop"`,
    );
    await healthy();
  });

  it('2380 dropped everywhere in our own rules: put right, and the run waits until members are back', async () => {
    await onAll('nft insert rule inet quorate_etcd input tcp dport 2380 drop; sleep 8');
    expect((await status()).code).toBe(7);
    const run = await site();
    expect(run.errors).toEqual([]);
    expect(run.code).toBe(0);
    expect(run.changed.every(({ role }) => role === 'firewall')).toBe(true);
  });

  it('facts with escapes and commands: shown as they are, and never run', async () => {
    const squatter = `import socket, time
open("/proc/self/comm", "w").write("\\x1b[2J$(touch x)")
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 2379)); s.listen(); time.sleep(600)`;
    await on(
      'etcd03',
      `systemctl stop etcd; cat >/run/squatter.py; systemd-run -q --unit=squatter --working-directory=/run python3 /run/squatter.py; sleep 0.5`,
      squatter,
    );
    const run = await site();
    const { stdout, stderr } = await lab.run(
      'node',
      [...['--import', 'tsx', 'playbooks/site.ts', '-i', lab.inventoryFile, '--check', '--output', 'plain']],
      { cwd: new URL('../..', import.meta.url).pathname },
    );
    const canary = await on(
      'etcd03',
      'ls /run/x /root/x 2>/dev/null; systemctl stop squatter; systemctl start etcd',
    );
    expect(run.code).toBe(3);
    expect(said(run)).toMatch(
      /^etcd03: port 2379, its client port, is taken by \x1b\[2J\$\(touch x\) \(pid \d+\) on 0\.0\.0\.0/,
    );
    expect(stderr).toContain('is taken by \\x1b[2J$(touch x) (pid');
    expect(stdout + stderr).not.toContain('\x1b');
    expect(canary).toBe('');
    await healthy();
  });

  it('settings of all kinds: systemd reads them as they are', async () => {
    const roll = dice(7);
    const values = Array.from({ length: 3000 }, () => hostile(roll, '/run/canary', 'simple'));
    const lines = values.flatMap((value) => {
      const line = /^ETCD_PEER_CERT_ALLOWED_CN=.*$/m.exec(confOf(value) ?? '')?.[0];
      return line === undefined ? [] : [{ value, line }];
    });
    expect(lines.length).toBeGreaterThan(1000);
    const conf = lines.map(({ line }, i) => line.replace('ETCD_PEER_CERT_ALLOWED_CN', `V${i}`)).join('\n');
    const out = await on(
      'etcd01',
      `cat >/run/fuzz.env; systemd-run --quiet --wait --collect -p EnvironmentFile=/run/fuzz.env sh -c 'env -0 >/run/fuzz.out'; base64 -w0 /run/fuzz.out; rm /run/fuzz.*`,
      `${conf}\n`,
    );
    const seen = new Map(
      Buffer.from(out, 'base64')
        .toString('utf8')
        .split('\0')
        .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    );
    for (const [i, { value }] of lines.entries()) expect([i, seen.get(`V${i}`)]).toEqual([i, value]);
    expect(await on('etcd01', 'ls /run/canary 2>/dev/null')).toBe('');
  });

  describe('members', () => {
    it('all stopped: started side by side, since none is ready before there is quorum', async () => {
      await onAll('systemctl stop etcd');
      const run = await site();
      expect(run.errors).toEqual([]);
      expect(run.code).toBe(0);
      expect(run.changed.flatMap(({ changes }) => changes.map(({ kind }) => kind))).toEqual([
        'start',
        'start',
        'start',
      ]);
    });

    it('a majority without data: 3, and the surviving copy by name', async () => {
      await onAll('systemctl stop etcd');
      await Promise.all(['etcd01', 'etcd02'].map((host) => on(host, `mv ${DATA} ${DATA}.own`)));
      const run = await site();
      await Promise.all(['etcd01', 'etcd02'].map((host) => on(host, `mv ${DATA}.own ${DATA}`)));
      expect(run.code).toBe(3);
      expect(said(run)).toContain(
        'no quorum, and etcd01, etcd02 has no data; the surviving copy is on etcd03',
      );
      expect(await on('etcd03', 'systemctl is-active etcd')).toBe('inactive');
      expect((await site()).code).toBe(0);
    });

    it('one that was removed: 3 until it is added again; what was added and not started is adopted', async () => {
      const id = (
        await on('etcd01', `${etcdctl(lab.hosts)}; ctl member list | grep etcd03 | cut -d, -f1`)
      ).trim();
      await on('etcd01', `${etcdctl(lab.hosts)}; again ctl member remove ${id}`);
      await on('etcd03', `systemctl stop etcd; mv ${DATA} ${DATA}.own`);
      const removed = await site();
      expect(removed.code).toBe(3);
      expect(said(removed)).toContain('etcd03: the cluster lives and does not list https://10.0.52.6:2380');
      expect(said(removed)).toMatch(/member add '?etcd03'? /);
      await on(
        'etcd01',
        `${etcdctl(lab.hosts)}; again ctl member add etcd03 --peer-urls=https://10.0.52.6:2380`,
      );
      const adopted = await site();
      expect(adopted.errors).toEqual([]);
      expect(adopted.code).toBe(0);
      expect((await site()).changed).toEqual([]);
      await on('etcd03', `rm -rf ${DATA}.own`);
    });

    it('a learner that is left over: 7, and 3 for any operation', async () => {
      await on(
        'etcd01',
        `${etcdctl(lab.hosts)}; again ctl member add left --learner --peer-urls=https://10.0.52.99:2380`,
      );
      const look = await status();
      const before = await pids();
      const run = await site(...roll());
      const now = await pids();
      const id = (
        await on('etcd01', `${etcdctl(lab.hosts)}; ctl member list | grep 10.0.52.99 | cut -d, -f1`)
      ).trim();
      await on('etcd01', `${etcdctl(lab.hosts)}; again ctl member remove ${id}`);
      expect(look.code).toBe(7);
      expect(said(look)).toContain('is still a learner');
      expect(run.code).toBe(3);
      expect(said(run)).toMatch(/etcd0\d: not touched:\n.*https:\/\/10\.0\.52\.99:2380/s);
      expect(now).toEqual(before);
      await healthy();
    });

    it.each([
      ['nobody writes', false],
      ['a client writes all the time', true],
    ])('one whose data differs while %s: 7, and 3 for any operation, by its hash', async (_name, writes) => {
      const change = (from: string, to: string) =>
        on(
          'etcd03',
          `systemctl stop etcd; sed -i s/${from}/${to}/ ${DATA}/member/snap/db; chown etcd: ${DATA}/member/snap/db; systemctl start etcd; sleep 1`,
        );
      await on('etcd01', `${etcdctl(lab.hosts)}; ctl put mark MARKER-AAAA; sleep 0.3`);
      await change('MARKER-AAAA', 'MARKER-AAAB');
      const client = writes ? startClient(lab) : undefined;
      await client?.working;
      const before = await pids();
      const look = await status();
      const run = await site(...roll());
      const after = await pids();
      await client?.stop();
      await change('MARKER-AAAB', 'MARKER-AAAA');
      expect(after).toEqual(before);
      expect(look.code).toBe(7);
      expect(said(look)).toMatch(
        /data differs at one revision \(hashkv\): \d+ on etcd01 etcd02, \d+ on etcd03/,
      );
      expect(run.code).toBe(3);
      expect(said(run)).toMatch(/no further host is touched; still to be changed: etcd0/);
      await healthy();
    });
  });

  it('SIGINT in the middle of a roll: 130, and the member in hand by name', async () => {
    const args = roll();
    const restarted = ({ status, changes }: { status: string; changes: readonly { kind: string }[] }) =>
      status === 'changed' && changes.some(({ kind }) => kind === 'restart');
    let began = '';
    const run = await during(
      lab,
      args,
      (event) => event.status === 'changed' && event.task.startsWith('etcd.conf'),
      ({ host }, kill) => {
        began = host;
        kill('SIGINT');
      },
    );
    expect(run.code).toBe(130);
    expect(said(run)).toContain(`${began}: stopped on request`);
    expect(run.tasks.filter(restarted).length).toBeLessThanOrEqual(1);
    expect((await site(...args)).code).toBe(0);
  });

  slow('the network cut in the middle of a roll: 3, and no further host is touched', async () => {
    const before = await pids();
    let cut = '';
    const run = await during(
      lab,
      roll(),
      ({ status, changes }) => status === 'changed' && changes.some(({ kind }) => kind === 'restart'),
      async ({ host }) => {
        const leader = await leaderOf(lab);
        cut = lab.hosts.map(({ name }) => name).find((name) => name !== host && name !== leader) ?? '';
        await lab.unplug(cut);
      },
    );
    await lab.plug(cut);
    expect(run.code).toBe(3);
    expect(said(run)).toMatch(new RegExp(`${cut}: `));
    expect(said(run)).toMatch(/no further host is touched; still to be changed: etcd0/);
    const now = await pids();
    expect(now.filter((pid, i) => pid !== before[i])).toHaveLength(1);
    await healthy();
  });

  slow('a bit of the write-ahead log flipped: 3 for any operation; the log is kept as it is', async () => {
    await on(
      'etcd01',
      `${etcdctl(lab.hosts)}; head -c 200000 /dev/zero | tr '\\0' x | ctl put FLIPPED; sleep 0.3`,
    );
    const flip = `systemctl stop etcd; cp -a ${DATA} ${DATA}.own; w=$(ls ${DATA}/member/wal/*.wal | tail -n 1); at=$(grep -abo FLIPPED $w | tail -n 1 | cut -d: -f1)
printf '\\377' | dd of=$w bs=1 seek=$((at + 100000)) conv=notrunc 2>/dev/null; sha256sum $w`;
    const flipped = await on('etcd03', flip);
    const before = await pids();
    const run = await site(...roll());
    const after = await on(
      'etcd03',
      `sha256sum ${DATA}/member/wal/*.wal | tail -n 1; systemctl is-failed etcd`,
    );
    const now = await pids();
    await on(
      'etcd03',
      `rm -rf ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
    );
    expect(said(run)).toContain('walpb: crc mismatch');
    expect(said(run)).toMatch(/stopped at etcd03: no further host is touched; still to be changed: etcd0/);
    expect(run.code).toBe(3);
    expect(after).toBe(`${flipped}\nfailed`);
    expect(now.slice(0, 2)).toEqual(before.slice(0, 2));
    await healthy();
  });

  slow('the disk of the data full: 7, no endless restarts, nothing deleted', async () => {
    await on(
      'etcd03',
      `systemctl stop etcd; mv ${DATA} ${DATA}.own; mkdir ${DATA}; mount -t tmpfs -o size=140m,mode=700,uid=$(id -u etcd),gid=$(id -g etcd) none ${DATA}; cp -a ${DATA}.own/. ${DATA}/; systemctl start etcd; head -c 140M /dev/zero >${DATA}/ballast`,
    );
    await on(
      'etcd01',
      `${etcdctl(lab.hosts)}; head -c 700000 /dev/urandom | base64 -w0 >/run/v; for i in $(seq 40); do ctl put fill$i </run/v >/dev/null; done`,
    );
    await on('etcd03', 'timeout 60 sh -c "until systemctl is-failed -q etcd; do sleep 1; done"');
    const files = `find ${DATA} -type f -exec sha256sum {} + | sort; systemctl show -p NRestarts etcd`;
    const before = await on('etcd03', files);
    const [check, run] = [await site('--check'), await site()];
    const after = await on('etcd03', files);
    await on(
      'etcd03',
      `rm ${DATA}/ballast; rm -rf ${DATA}.own; cp -a ${DATA} ${DATA}.own; umount ${DATA}; rmdir ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd`,
    );
    expect([check.code, run.code]).toEqual([7, 7]);
    expect(said(run)).toMatch(
      /etcd03: \S+default\.etcd has \d MiB free, and the database grows by 16 at a time: etcd is not started/,
    );
    expect(after).toBe(before);
    expect(Number(/NRestarts=(\d+)/.exec(before)?.[1])).toBeLessThan(12);
    await healthy();
  });
});
