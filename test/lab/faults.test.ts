import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { release, sha256, tar } from '../unit/release/tarball.ts';
import { during } from './support/cases/during.ts';
import { faultsOn } from './support/cases/faultLab.ts';
import { buildByHand, installPackaged } from './support/cases/foreign.ts';
import { plantLeaf } from './support/cases/leaf.ts';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { isWhole, itLong } from './support/long.ts';
import { tarballOf, usualVersion } from './support/releases/releases.ts';

/** `npm run test:faults` runs the slow ones, too. */
const slow = itLong('FAULTS');

const DATA = '/var/lib/etcd/default.etcd';
const SSL = '/opt/etcd/ssl';
const BIN = '/opt/etcd/bin';
const TARBALL = basename(tarballOf(usualVersion(), 'amd64'));

describeLab(
  'faults of hosts and of what lies on them, each with its exit code, and what the message must name',
  () => {
    let lab: Lab;
    const { site, status, on, onAll, pids, said, control, roll } = faultsOn(() => lab);

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

      it.each(CASES)(
        'one that %s: 5, and nothing of it is anywhere',
        async (_name, bytes, summed, message) => {
          const folder = join(lab.wwwDir, 'evil');
          mkdirSync(folder, { recursive: true });
          writeFileSync(join(folder, TARBALL), bytes());
          writeFileSync(join(folder, 'SHA256SUMS'), sums(summed()));
          const run = await site(
            '-r',
            'binaries',
            '-e',
            `etcd_download_url=${lab.mirrorUrl}/evil/${TARBALL}`,
          );
          expect(run.code).toBe(5);
          expect(said(run)).toMatch(message);
          expect(readdirSync(join(control(), 'cache'))).toEqual(['.gitignore']);
          expect(existsSync('/tmp/evil')).toBe(false);
          expect(await onAll('find /opt/etcd -type f')).toEqual(['', '', '']);
        },
      );
    });

    describe('what is not ours', () => {
      const state = (paths: string) =>
        onAll(
          `find ${paths} /etc/systemd -path '*/member' -prune -o -type f -exec sha256sum {} + 2>/dev/null | sort; systemctl show -p MainPID etcd; ls /var/lib/quorate 2>/dev/null`,
        );

      slow('a cluster built by hand from the tutorial: 3 for each host, and untouched', async () => {
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
        ({ host, status }, seen) => host === 'etcd02' && status === 'changed' && seen > 6,
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

      it.each(isWhole('FAULTS') ? CASES : CASES.slice(0, 1))(
        '%s: 7, the path, and what is wrong',
        async (_name, kind, leaf, message) => {
          await plantLeaf(lab, 'etcd03', kind, leaf);
          const run = await status();
          expect(run.code).toBe(7);
          expect(said(run)).toContain(`etcd03: ${SSL}/${message()}`);
        },
      );

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
      expect(
        change?.changes.map(({ property, before, after }) => `${property}: ${before} → ${after}`),
      ).toEqual(['mode: 0755 → 0700', 'owner: root → etcd', 'group: root → etcd']);
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
          /etcd03: etcd \S+ is installed: .*\/opt\/etcd\/bin\/\S+ No space left on device\n.*\/opt\/etcd\/bin has \d+ KiB free/s,
        );
      });

      slow('is read-only: 2, the mount; the old binary stays, and runs', async () => {
        expect(await repair(`mount -o remount,ro ${BIN}`)).toMatch(
          /etcd03: etcd \S+ is installed: .*\/opt\/etcd\/bin\/\S+ .*Read-only file system\n\/opt\/etcd\/bin has \d+ KiB free/s,
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
  },
);
