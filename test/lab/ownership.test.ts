import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { openPki } from '../../lib/pki/index.ts';
import { program } from '../program.ts';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { itLong } from './support/long.ts';
import { onHosts } from './support/onHosts.ts';
import { type Outcome, runPlaybook } from './support/playbook.ts';
import { releasesDir } from './support/releases/releases.ts';

const DATA = '/var/lib/etcd/default.etcd';
const CA = '/opt/etcd/ssl/ca.pem';
const NAMES = ['etcd01', 'etcd02', 'etcd03'];

describeLab('what a run may touch, and what it refuses', () => {
  let lab: Lab;
  const site = (...args: string[]) => runPlaybook(lab, args);
  const destroy = (...args: string[]) => runPlaybook(lab, args, { playbook: 'destroy' });
  const { on, onAll, look, lookAll } = onHosts(() => lab);
  /** Processes, data and files of all members. */
  const untouched = () =>
    lookAll(
      `systemctl show -p MainPID etcd; ls -d ${DATA}* /srv/*; find /opt/etcd /var/lib/quorate -type f -exec sha256sum {} + | sort`,
    );
  /** The same cluster by another operator's inventory, in a folder of its own. */
  const elsewhere = (name: string, vars: Record<string, Record<string, string>> = {}) => {
    const dir = join(lab.stateDir, name);
    mkdirSync(dir, { recursive: true });
    const whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    for (const [host, own] of Object.entries(vars)) Object.assign(whole.etcd.hosts[host], own);
    const inventory = join(dir, 'inventory.yaml');
    writeFileSync(inventory, stringify(whole));
    return { dir, inventory };
  };
  const said = ({ errors }: Outcome) => errors.map(({ message }) => message).join('\n');
  /** Puts the programs of a release in the place of the ones that are there, as a person would. */
  const swap = async (host: string, version: string) => {
    const input = readFileSync(
      join(
        releasesDir(),
        `v${version}/etcd-v${version}-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}.tar.gz`,
      ),
    );
    await on(host, 'rm -rf /tmp/r; mkdir /tmp/r; tar xz -C /tmp/r --strip-components=1', input);
    return on(host, 'for p in etcd etcdctl etcdutl; do mv -f /tmp/r/$p /opt/etcd/bin/$p; done');
  };

  beforeAll(async () => {
    lab = await startLab({ name: 'ownership', etcdVersion: '3.5.30' });
    expect((await site()).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  it('3 for another data directory than the manifest has: nobody’s folder is taken away', async () => {
    await on('etcd01', 'mkdir -p /srv/mine; echo kept >/srv/mine/file');
    const before = await untouched();
    for (const args of [['-C'], ['-y', '--purge']]) {
      const run = await destroy(...args, '--cluster', 'inventory', '-e', 'etcd_data_dir=/srv/mine');
      expect(run.code).toBe(3);
      expect(run.errors[0]?.message).toBe(
        `etcd01: etcd_data_dir is /srv/mine, and /var/lib/quorate/etcd/manifest has ${DATA}`,
      );
    }
    const refused = await site('-e', 'etcd_data_dir=/srv/mine');
    expect(refused.code).toBe(3);
    expect(refused.text).not.toContain('destroy');
    expect(await untouched()).toEqual(before);
  });

  it('1 for a plain process on another machine without the name, and for a wrong name', async () => {
    const process = ['-e', 'etcd_service_manager=process'];
    expect((await destroy('-y', ...process)).errors[0]?.message).toContain('wants the name of the cluster');
    for (const args of [['-y'], ['--check']]) {
      const run = await destroy(...args, '--cluster', 'prod');
      expect(run.code).toBe(1);
      expect(said(run)).toContain('--cluster prod: the cluster of this inventory is inventory');
    }
  });

  it('3 for a cluster with another CA, by site and destroy, and the own folder stays', async () => {
    const { dir, inventory } = elsewhere('other-ca');
    const pkiDir = join(dir, '.quorate/inventory/pki');
    const expiry = { caExpiry: '87600h', certExpiry: '87600h', renewBefore: '720h' };
    const pki = await openPki({
      dir: pkiDir,
      cluster: 'inventory',
      caName: 'inventory etcd CA',
      keyType: 'ecdsa-256',
      addresses: [],
      ...expiry,
    });
    await pki.ensureCa();
    const before = await untouched();
    for (const [playbook, ...args] of [['destroy', '-y', '--cluster', 'inventory'], ['site']] as const) {
      const run = await runPlaybook(lab, args, { playbook, inventory });
      expect(run.code).toBe(3);
      expect(run.errors.map(({ message }) => message)).toEqual(
        NAMES.map((name) =>
          expect.stringMatching(`^${name}: its CA has SHA-256 [0-9a-f]{64}, inventory here has`),
        ),
      );
    }
    expect(existsSync(join(pkiDir, 'ca.pem'))).toBe(true);
    expect(await untouched()).toEqual(before);
  });

  it('3 for a CA that no majority of all members has; one that was added on one host is not a tie', async () => {
    const { inventory } = elsewhere('no-folder');
    const plain = () => runPlaybook(lab, ['--check'], { inventory });
    const seen = await plain();
    expect([seen.code, seen.changed]).toEqual([0, []]);
    const print = await on(
      'etcd02',
      'cat /var/lib/quorate/etcd/ca; stat -c "%U %a" /var/lib/quorate/etcd/ca',
    );
    expect(print).toMatch(/^[0-9a-f]{64}\nroot 644$/);
    await on(
      'etcd01',
      `cp ${CA} /root/ca; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=evil -keyout /dev/null -days 9 >>${CA} 2>/dev/null`,
    );
    await lab.enter('etcd03', 'systemctl stop ssh.socket ssh');
    const before = await on('etcd02', `sha256sum ${CA}`);
    const run = await runPlaybook(lab, [], { inventory });
    expect(run.code).toBe(3);
    expect(said(run)).toContain('fewer than 2 of its 3 members have the same one');
    expect(await on('etcd02', `sha256sum ${CA}`)).toBe(before);
    await lab.enter('etcd03', 'systemctl start ssh');
    // All three: the majority's is put back on the one, and goes nowhere else.
    const check = await plain();
    expect(check.changed.map(({ host, task }) => `${host} ${task}`)).toEqual([
      "etcd01 the cluster's CA is trusted",
    ]);
    await on('etcd01', `cat /root/ca >${CA}`);
    expect((await site()).code).toBe(0);
  });

  itLong('FAULTS')(
    '3 at once for a member that was removed by hand, and the command it names brings it back',
    async () => {
      const etcdctl =
        '/opt/etcd/bin/etcdctl --cacert=/opt/etcd/ssl/ca.pem --cert=/opt/etcd/ssl/server.pem --key=/opt/etcd/ssl/server-key.pem --endpoints=https://10.0.52.13:2379';
      const id = (await on('etcd01', `${etcdctl} member list`))
        .split('\n')
        .find((line) => line.includes('etcd03'));
      // etcd changes its members only once all have been connected for 5 s.
      await on(
        'etcd01',
        `for i in $(seq 1 30); do ${etcdctl} member remove ${id?.split(',')[0]} && exit; sleep 1; done; exit 1`,
      );
      const started = Date.now();
      const run = await site();
      expect(Date.now() - started).toBeLessThan(20_000);
      expect(run.code).toBe(3);
      expect(run.tasks).toEqual([]);
      expect(said(run)).toMatch(
        /etcd03: the cluster lives and does not list \S+: the data in .* was removed/,
      );
      expect(run.errors[0]?.hint).toMatch(/playbooks\/members\.js -i \S+ --replace etcd03$/);
      const again = await runPlaybook(lab, ['-y', '--replace', 'etcd03'], { playbook: 'members' });
      expect([again.code, said(again)]).toEqual([0, '']);
      expect(await on('etcd03', `stat -c "%U %a" ${DATA}.set-aside-*`)).toBe('root 700');
      expect((await site()).changed).toEqual([]);
    },
  );

  describe('of versions', () => {
    it('3 where members run different ones, with the list, whatever the inventory says', async () => {
      await swap('etcd03', '3.6.16');
      await on('etcd03', 'systemctl restart etcd');
      const before = await untouched();
      const list =
        'inventory: its members are of different versions of etcd: 3.5.30 on etcd01, etcd02; 3.6.16 on etcd03';
      const { inventory } = elsewhere('versionless');
      const text = readFileSync(inventory, 'utf8');
      writeFileSync(inventory, text.replace(/^.*etcd_version:.*$/m, ''));
      expect(said(await site())).toBe(list);
      const open = await runPlaybook(lab, [], { inventory });
      expect([open.code, said(open)]).toEqual([3, list]);
      expect(await untouched()).toEqual(before);
    });

    it('3 for the old one once the data is newer, whatever our record says, and back to the newer one', async () => {
      for (const name of ['etcd01', 'etcd02']) {
        await swap(name, '3.6.16');
        await on(name, 'systemctl restart etcd');
      }
      const old = await site();
      expect([old.code, said(old)]).toEqual([
        3,
        'inventory: its members run etcd 3.6.16, the inventory says 3.5.30',
      ]);
      // Each member marks its data a few seconds behind the cluster (it looks every 4 s).
      await onAll(
        'for i in $(seq 1 60); do journalctl -u etcd | grep -q "updated cluster version.*3.6" && break; sleep 1; done; sleep 6',
      );
      await onAll('systemctl stop etcd');
      // An old program over newer data, as an earlier product or a person puts it there: it cannot start.
      for (const name of NAMES) await swap(name, '3.5.30');
      const wrong = await site();
      expect(wrong.code).toBe(3);
      expect(said(wrong)).toMatch(
        /^inventory: etcd 3\.5\.30 cannot read data that etcd 3\.6 has written: 3\.6\.0 on /,
      );
      const back = await site('-e', 'etcd_version=3.6.16');
      expect([back.code, said(back)]).toEqual([0, '']);
    });

    it('takes members that were upgraded by hand as they are: nobody is restarted', async () => {
      for (const name of NAMES) {
        await swap(name, '3.7.3');
        await on(name, 'systemctl restart etcd');
      }
      const pids = () => onAll('systemctl show -p MainPID --value etcd');
      const before = await pids();
      const run = await site('-e', 'etcd_version=3.7.3');
      expect([run.code, said(run)]).toEqual([0, '']);
      expect([...new Set(run.changed.map(({ role }) => role))]).toEqual(['binaries']);
      expect(await pids()).toEqual(before);
      expect((await site('-C', '-e', 'etcd_version=3.7.3')).changed).toEqual([]);
    });
  });

  it('destroy leaves a user that something else needs, and nobody reads what is set aside', async () => {
    // On a host with a snapshot that a verb has taken the user would stay for that.
    await onAll('rm -rf /var/backups/etcd');
    await on(
      'etcd01',
      `printf '[Service]\nUser=etcd\nExecStart=/bin/sleep 1000\n' >/etc/systemd/system/other.service; systemctl daemon-reload; systemctl start other`,
    );
    await on('etcd02', 'touch /srv/theirs; chown etcd /srv/theirs');
    // The group goes with its user, so who needs the group keeps both.
    await on('etcd03', 'touch /srv/group; chown root:etcd /srv/group');
    const run = await destroy('-y', '--cluster', 'inventory');
    expect([run.code, said(run)]).toEqual([0, '']);
    expect(await lookAll('id -un etcd 2>/dev/null')).toEqual(['etcd', 'etcd', 'etcd']);
    expect(run.text).toContain('etcd01: user etcd stays: /etc/systemd/system/other.service runs as it');
    expect(run.text).toContain('etcd02: user etcd stays: it owns files: /srv/theirs');
    expect(run.text).toContain('etcd03: user etcd stays: its group owns files: /srv/group');
    await on('etcd03', 'rm /srv/group; userdel etcd');
    expect(await on('etcd01', 'systemctl is-active other')).toBe('active');
    for (const name of NAMES)
      expect(run.text).toContain(`${name}: its data is kept in ${DATA}.etcd.destroyed-`);
    expect(await onAll(`stat -c '%U %a' ${DATA}.etcd.destroyed-*`)).toEqual(NAMES.map(() => 'root 700'));
    expect(await onAll(`find ${DATA}.etcd.destroyed-* ! -user root`)).toEqual(['', '', '']);
  });

  itLong('FAULTS')('founds anew what was begun with a wrong address, by the user’s word', async () => {
    await destroy('-y', '--cluster', 'inventory');
    // With one right address the others would find each other through it.
    const wrong = elsewhere(
      'wrong',
      Object.fromEntries(
        lab.hosts.map(({ name, address }, i) => [
          name,
          { etcd_address: `10.0.52.9${i}`, etcd_listen_address: address },
        ]),
      ),
    );
    const { inventory } = wrong;
    const begun = lab.spawn('node', [program('playbooks/site.ts'), '-i', inventory]);
    await expect
      .poll(() => look('etcd01', `ls ${DATA}/member/wal/*.wal`), { timeout: 90_000, interval: 500 })
      .toContain('.wal');
    begun.kill('SIGKILL');
    elsewhere('wrong');
    const run = await runPlaybook(lab, [], { inventory });
    expect(run.code).toBe(3);
    const began = lab.hosts.map(
      ({ name, address }, i) =>
        `${name} at https://10.0.52.9${i}:2380, the inventory says https://${address}:2380`,
    );
    expect(said(run)).toBe(
      `inventory: it was begun with other members, and never came to a quorum: ${began.join('; ')}`,
    );
    const aside = /--set-aside-data \S+$/.exec(run.errors[0]?.hint ?? '')?.[0].split(' ') ?? [];
    const anew = await runPlaybook(lab, aside, { inventory });
    expect([anew.code, said(anew)]).toEqual([0, '']);
    const gone = await runPlaybook(lab, ['-y', '--cluster', 'inventory', '--purge'], {
      playbook: 'destroy',
      inventory,
    });
    expect([gone.code, said(gone)]).toEqual([0, '']);
    expect(await lookAll('id -un etcd 2>/dev/null')).toEqual(['etcd', 'etcd', '']);
  });

  itLong('FAULTS')(
    'keeps a mount point that is the data directory, and what is set aside in it',
    async () => {
      await destroy('-y', '--cluster', 'inventory');
      await onAll('rm -rf /var/lib/etcd');
      const { dir, inventory } = elsewhere('alone');
      const whole = parse(readFileSync(inventory, 'utf8'));
      whole.etcd.hosts = { etcd01: whole.etcd.hosts.etcd01 };
      writeFileSync(join(dir, 'inventory.yaml'), stringify(whole));
      const alone = (playbook: string, ...args: string[]) => runPlaybook(lab, args, { playbook, inventory });
      await on('etcd01', `mkdir -p ${DATA}; mount -t tmpfs -o size=400m none ${DATA}`);
      const up = await alone('site');
      expect([up.code, said(up)]).toEqual([0, '']);
      const run = await alone('destroy', '-y', '--cluster', 'inventory');
      expect([run.code, said(run)]).toEqual([0, '']);
      const layout = `mountpoint -q ${DATA} && stat -c '%U %a' ${DATA} ${DATA}/.etcd.destroyed-*; ls ${DATA}; ls ${DATA}/.etcd.destroyed-*`;
      expect(await look('etcd01', layout)).toBe('root 700\nroot 700\nmember');
      const again = await alone('site');
      expect([again.code, said(again)]).toEqual([0, '']);
      const purge = await alone('destroy', '-y', '--cluster', 'inventory', '--purge');
      expect([purge.code, said(purge)]).toEqual([0, '']);
      expect(await look('etcd01', layout)).toBe('root 700\nroot 700\nmember');
      expect(await look('etcd01', 'ls -d /opt/etcd')).toBe('');
    },
  );
});
