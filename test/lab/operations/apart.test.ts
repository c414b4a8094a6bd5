import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeLab } from '../support/describeLab.ts';
import { namespaceOf } from '../support/host/network.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { onHosts } from '../support/onHosts.ts';
import { type Outcome, runPlaybook, stepsOf } from '../support/playbook.ts';

const THREE = ['etcd01', 'etcd02', 'etcd03'];
const DATA = '/srv/data';
const LOG = '/srv/log';
const all = itLong('MEMBERS');

/**
 * Hosts as many data centres have them: the data on a disk of its own, whose mount point is the data directory, the raft
 * log on another one, members by a network of their own, and clients by an address that another device translates.
 */
describeLab('a cluster whose disks and networks are apart', () => {
  let lab: Lab;
  let whole: ReturnType<typeof parse>;
  beforeAll(async () => {
    lab = await startLab({ name: 'apart', hosts: 4 });
    await sh('ip link add lab1 type bridge mcast_snooping 0 && ip link set lab1 up');
    for (const { name } of lab.hosts) await makeApart(name);
    whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    Object.assign(whole.etcd.vars, { etcd_data_dir: DATA, etcd_wal_dir: `${LOG}/wal` });
    for (const { name, address } of lab.hosts)
      Object.assign(whole.etcd.hosts[name], {
        etcd_address: outer(name),
        etcd_listen_address: address,
        etcd_peer_address: inner(name),
      });
    inventoryHas(THREE);
  });
  afterAll(async () => lab?.stop());

  const { on, onAll, look } = onHosts(() => lab, { by: 'enter' });
  const sh = async (script: string) => {
    const { code, stderr } = await lab.run('sh', ['-ec', script]);
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
  };
  const hostOf = (name: string) => lab.hosts.find((one) => one.name === name)!;
  const last = (name: string) => hostOf(name).address.split('.')[3];
  const inner = (name: string) => `10.0.53.${last(name)}`;
  const outer = (name: string) => `10.0.54.${last(name)}`;

  function inventoryHas(names: readonly string[]) {
    const hosts = Object.fromEntries(names.map((name) => [name, whole.etcd.hosts[name]]));
    writeFileSync(lab.inventoryFile, stringify({ ...whole, etcd: { ...whole.etcd, hosts } }));
  }

  /** Gives a bare machine its second network card, its translated address, and its disks. */
  async function makeApart(name: string) {
    const port = `w-${name}`;
    const others = lab.hosts.filter((one) => one.name !== name);
    await sh(`ip link del ${port} 2>/dev/null || true
ip link add ${port} type veth peer name priv netns ${namespaceOf(lab.name, name)}
ip link set ${port} master lab1 up
ip route replace ${outer(name)}/32 via ${hostOf(name).address}`);
    await on(
      name,
      `ip addr add ${inner(name)}/24 dev priv; ip link set priv up; ip route replace ${outer(name)}/32 dev eth0
${others.map((one) => `ip route replace ${outer(one.name)}/32 via ${one.address}`).join('\n')}
nft 'add table ip translated
add chain ip translated pre { type nat hook prerouting priority -100; }
add chain ip translated out { type nat hook output priority -100; }
add rule ip translated pre ip daddr ${outer(name)} dnat to ${hostOf(name).address}
add rule ip translated out ip daddr ${outer(name)} dnat to ${hostOf(name).address}'
mkdir -p ${DATA} ${LOG}
printf 'none ${DATA} tmpfs size=900m,mode=755 0 0\\nnone ${LOG} tmpfs size=900m,mode=755 0 0\\n' >>/etc/fstab
systemctl daemon-reload; mount ${DATA}; mount ${LOG}`,
    );
  }

  const site = (...args: string[]) => runPlaybook(lab, args);
  const verb = (playbook: string, ...args: string[]) => runPlaybook(lab, ['-y', ...args], { playbook });
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const ctl = (name: string, words: string) => {
    const ssl = '/opt/etcd/ssl';
    return on(
      name,
      `ETCDCTL_API=3 /opt/etcd/bin/etcdctl --cacert=${ssl}/ca.pem --cert=${ssl}/server.pem --key=${ssl}/server-key.pem --endpoints=https://${outer(name)}:2379 ${words}`,
    );
  };
  const contents = () => Promise.all(THREE.map((name) => ctl(name, 'get --prefix key --consistency=s')));
  const isQuiet = async () => {
    const check = await site('--check');
    expect([said(check), check.changed]).toEqual(['', []]);
  };

  /** Without its disk it is refused, before anything is touched: nothing comes into the folder below. */
  async function refusesWithout(name: string, path: string, run: () => Promise<Outcome>) {
    await on(name, `systemctl stop etcd 2>/dev/null || true; umount ${path}`);
    const refused = await run();
    expect([refused.code, said(refused), stepsOf(refused, 'begun')]).toEqual([
      3,
      expect.stringMatching(new RegExp(`${name}: ${path} is for a disk.*nothing is mounted there`)),
      [],
    ]);
    expect(await look(name, `ls -A ${path}`)).toBe('');
    await on(name, `mount ${path}`);
  }

  all('comes up, grows and shrinks', async () => {
    expect(said(await site())).toBe('');
    await isQuiet();
    expect(await onAll(`ls ${DATA}/member ${LOG}/wal 2>/dev/null | grep -c . || true`)).not.toContain('0\n');
    await ctl('etcd01', 'put key1 value1');
    inventoryHas([...THREE, 'etcd04']);
    expect(said(await verb('members'))).toBe('');
    expect(await ctl('etcd04', 'get key1')).toBe('key1\nvalue1');
    await isQuiet();
    expect(said(await verb('members', '--remove', 'etcd04'))).toBe('');
    inventoryHas(THREE);
    expect(await look('etcd04', `mountpoint -q ${DATA} && ls ${DATA}; ls ${LOG}/wal`)).toBe('');
    await isQuiet();
  });

  all('has a machine replaced, once its disks are mounted', async () => {
    await lab.reset('etcd03');
    await makeApart('etcd03');
    const replace = () => verb('members', '--replace', 'etcd03');
    await refusesWithout('etcd03', DATA, replace);
    await refusesWithout('etcd03', LOG, replace);
    expect((await ctl('etcd01', 'member list')).split('\n')).toHaveLength(3);
    expect(said(await replace())).toBe('');
    expect(await contents()).toEqual(THREE.map(() => 'key1\nvalue1'));
    await isQuiet();
  });

  all('is restored, once its disks are mounted', async () => {
    const to = join(lab.stateDir, 'copies');
    expect(said(await runPlaybook(lab, ['--to', to], { playbook: 'backup' }))).toBe('');
    const { stdout } = await lab.run('sh', ['-c', `ls ${to}/*.db`]);
    await ctl('etcd01', 'put key2 late');
    const restore = () => verb('restore', '--from', stdout.trim());
    await refusesWithout('etcd02', LOG, restore);
    await refusesWithout('etcd02', DATA, restore);
    expect(await ctl('etcd01', 'get key2')).toBe('key2\nlate');
    expect(said(await restore())).toBe('');
    expect(await contents()).toEqual(THREE.map(() => 'key1\nvalue1'));
    await isQuiet();
  });

  all(
    'is recovered, once its disks are mounted',
    async () => {
      await ctl('etcd01', 'put key3 value3');
      const [before] = await contents();
      await on('etcd02', 'systemctl stop etcd');
      const recover = () => verb('recover', '--from', 'etcd01', '--lost', 'etcd02,etcd03');
      await refusesWithout('etcd03', DATA, recover);
      expect(said(await recover())).toBe('');
      expect(await contents()).toEqual([before, before, before]);
      await isQuiet();
    },
    300_000,
  );
});
