import { copyFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { describeLab } from '../support/describeLab.ts';
import { waitFor } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { onHosts } from '../support/onHosts.ts';
import { changes, type Outcome, runPlaybook } from '../support/playbook.ts';
import { usualVersion } from '../support/releases/releases.ts';

/** The other backends: the host takes each back by the same script, so one of them stands for all. */
const all = isWhole('FAULTS');

/** sshd's second address and port on the host: control comes in there, and the port is that of etcd's peers. */
const DOOR = '10.0.52.113';

const CUT_OFF = {
  host: 'etcd01',
  message: expect.stringMatching(/^etcd01: the change would cut us off, and the host takes it back: /),
};

describeLab('firewall rules that would shut SSH out', () => {
  let lab: Lab;
  let inventory: string;
  beforeAll(async () => {
    lab = await startLab({ name: 'guard', hosts: 1 });
    inventory = join(lab.stateDir, 'door.yaml');
    const known = join(lab.stateDir, 'known_door');
    copyFileSync(lab.knownHostsFile, known);
    const vars = {
      ansible_host: DOOR,
      ansible_port: 2380,
      ansible_user: 'root',
      ansible_ssh_private_key_file: lab.keyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${known} -o StrictHostKeyChecking=accept-new`,
      etcd_address: '10.0.52.13',
      etcd_version: usualVersion(),
      etcd_allow_unsafe_version: true,
      etcd_download_url: `${lab.mirrorUrl}/v{version}/etcd-v{version}-linux-{arch}.tar.gz`,
    };
    await writeFile(inventory, stringify({ etcd: { hosts: { etcd01: vars } } }));
  });
  afterAll(() => lab?.stop());
  beforeEach(async () => {
    await lab.reset();
    await on(`printf 'ListenAddress 0.0.0.0:22\\nListenAddress ${DOOR}:2380\\n' >/etc/ssh/sshd_config.d/door.conf
ip addr add ${DOOR}/24 dev eth0; systemctl restart ssh`);
  });

  const etcd01 = onHosts(() => lab, { by: 'enter' });
  const on = (script: string) => etcd01.on('etcd01', script);
  const look = (script: string) => etcd01.look('etcd01', script);
  const site = (...args: string[]) => runPlaybook(lab, args, { inventory });

  const takenBack = (ms: number) =>
    waitFor('the rules are taken back', ms, async () =>
      (await look('ls /var/lib/quorate/etcd')).includes('guard') ? undefined : true,
    );

  const WAYS: readonly (readonly [backend: string, prepare: string, dump: string])[] = [
    ['nftables', ':', 'nft list tables'],
    ['iptables', ':', 'iptables-save | grep -i quorate; ip6tables-save | grep -i quorate'],
    [
      'firewalld',
      `systemctl start firewalld; for permanent in '' --permanent; do firewall-cmd $permanent --add-port 2380/tcp; done`,
      'for permanent in "" --permanent; do firewall-cmd $permanent --list-all; done',
    ],
  ];
  it.each(all ? WAYS : WAYS.slice(0, 1))(
    '%s: are taken back by the host, and the run fails there',
    async (backend, prepare, dump) => {
      await on(prepare);
      const before = await look(dump);
      const choice = ['-e', `etcd_firewall=${backend}`];
      const check = await site('--check', ...choice);
      expect(check.errors).toEqual([]);
      const run = await site(...choice);
      expect(run.errors).toMatchObject([CUT_OFF]);
      expect(run.code).toBe(2);
      expect(run.tasks.filter(({ status }) => status === 'failed')).toMatchObject([{ role: 'firewall' }]);
      await takenBack(20_000);
      expect(await look(dump)).toBe(before);
      expect(
        await look(
          'ls /opt/etcd/bin 2>/dev/null; ls /etc/systemd/system/*firewall* 2>/dev/null; systemctl list-unit-files --no-legend "etcd*"',
        ),
      ).toBe('');
      const rules = (run: Outcome) => changes(run).filter((change) => change.includes(' firewall:'));
      expect(rules(check)).not.toEqual([]);
      expect(rules(await site('--check', ...choice))).toEqual(rules(check));
    },
  );

  itLong('FAULTS')(
    'are named as the cause also when the host is so slow that the connection goes first',
    async () => {
      const slow = '/usr/local/sbin/ip6tables';
      await on(`printf '#!/bin/sh\nsleep 2\nexec /usr/sbin/ip6tables "$@"\n' >${slow}; chmod +x ${slow}`);
      const run = await site('-e', 'etcd_firewall=iptables');
      await on(`rm ${slow}`);
      expect(run.errors).toMatchObject([CUT_OFF]);
      expect(run.code).toBe(2);
      await takenBack(40_000);
    },
  );

  itLong('FAULTS')('leave rules of an earlier run as they were', async () => {
    // Control is let in as a member would be.
    await on('systemctl stop firewalld');
    const open = ['-e', 'etcd_client_port=2380', '-e', 'etcd_peer_port=2378'];
    const first = await site('-r', 'firewall', ...open);
    expect(first.errors).toEqual([]);
    expect(await on('ls -A /var/lib/quorate/etcd')).not.toContain('guard');
    const before = await on('nft list table inet quorate_etcd; cat /opt/etcd/cfg/firewall.nftables');
    const run = await site('-r', 'firewall', ...open, '-e', '{"etcd_client_cidrs":["192.0.2.0/24"]}');
    expect(run.code).toBe(2);
    await takenBack(20_000);
    expect(await on('nft list table inet quorate_etcd; cat /opt/etcd/cfg/firewall.nftables')).toBe(before);
    expect((await site('-r', 'firewall', ...open)).changed).toEqual([]);
  });
});
