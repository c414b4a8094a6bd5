import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { QuorateError } from '../../../lib/errors.ts';
import { runFirewall } from '../support/cases/firewallHost.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole } from '../support/long.ts';
import { onHosts } from '../support/onHosts.ts';
import { changeSet, runPlaybook } from '../support/playbook.ts';

const HOST = 'etcd01';
const ADDRESS = '10.0.52.13';
/** etcd01 to etcd03 are the cluster; etcd04 is a client; control is neither. */
const MEMBERS = ['10.0.52.13', '10.0.52.14', '10.0.52.6'];
const CLIENT = '10.0.52.20';
const CLIENTS_ONLY = { etcd_client_cidrs: [`${CLIENT}/32`] };

/** What a role of one line gets: how the host filters, what somebody changes there, and what is left over in the end. */
const ANYBODY: readonly (readonly [
  beside: string,
  prepare: string,
  drift: string,
  left: readonly string[],
])[] = [
  [
    'nothing',
    ':',
    'nft flush table inet quorate_web; systemctl disable web-firewall 2>&1; echo >>/etc/web-firewall.nftables',
    [],
  ],
  [
    'firewalld',
    'systemctl enable --now firewalld 2>&1',
    'firewall-cmd --remove-port 2379/tcp; firewall-cmd --permanent --add-port 53/udp',
    ['port 53/udp from 10.0.52.0/24', 'port 2380/tcp from 10.0.52.14', 'port 2379/tcp from any'],
  ],
  [
    'ufw',
    'ufw allow 22/tcp; ufw --force enable; systemctl enable ufw 2>&1',
    'ufw delete allow from any to any port 2379 proto tcp; ufw allow 53/udp',
    ['port 53/udp from 10.0.52.0/24', 'port 2380/tcp from 10.0.52.14', 'port 2379/tcp from any'],
  ],
];

/** What a firewall has that its entries of ours do not undo, and how it is put right. */
const DENIALS: readonly (readonly [firewall: string, prepare: string, cure: RegExp])[] = [
  [
    'ufw',
    'ufw allow 22/tcp; ufw deny from 10.0.52.0/24 to any port 2380 proto tcp; ufw --force enable',
    /ufw prepend .*/,
  ],
  [
    'firewalld',
    `systemctl start firewalld; firewall-cmd --add-rich-rule 'rule family=ipv4 port port=2380 protocol=tcp drop'`,
    /firewall-cmd --zone public --remove-rich-rule '[^']*'/,
  ],
];

/** `npm run test:faults`: what lies further from what most hosts have. */
const long = test.skipIf(!isWhole('FAULTS'));

describeLab('the firewall role', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ hosts: 4 });
  });
  afterAll(() => lab?.stop());
  beforeEach(() => lab.reset(HOST));

  const hosts = onHosts(() => lab);
  const on = (script: string, host = HOST) => hosts.on(host, script);
  const apply = (vars = {}, options = {}) => runFirewall(lab, HOST, vars, options);
  const changes = async (vars = {}, options = {}) =>
    (await runFirewall(lab, HOST, vars, { ...options, check: true })).changes;
  /** Who reaches a port: `member`, `client`, `outsider`, over IPv4. */
  const reach = async (port: number) => {
    const from = {
      self: on(knock(port)),
      member: on(knock(port), 'etcd02'),
      client: on(knock(port), 'etcd04'),
      outsider: lab.run('sh', ['-c', knock(port)]).then(({ stdout }) => stdout.trim()),
    };
    const open: string[] = [];
    for (const [who, answer] of Object.entries(from)) if ((await answer) === 'open') open.push(who);
    return open.join(' ');
  };
  const listen = () =>
    on(`for port in 2379 2380 8080; do
      systemd-run --quiet --unit=listen-$port python3 -m http.server $port --bind :: --directory /run/empty
    done 2>&1; mkdir -p /run/empty
    for port in 2379 2380 8080; do
      n=0; until ss -tln | grep -q ":$port "; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1; done
    done`);

  /** The whole life of rules that a firewall other than firewalld carries. */
  const ownRules = (backend: 'nftables' | 'iptables', prepare: string, dump: string) => {
    test(`${backend}: a check says what the run changes; what was undone is put right, who left is shut out, a reboot is survived`, async () => {
      await on(prepare);
      const predicted = await changes(CLIENTS_ONLY);
      expect(predicted).not.toEqual([]);
      const run = await apply(CLIENTS_ONLY);
      expect(run.facts.firewall.backend).toBe(backend);
      expect(run.changes).toEqual(predicted);
      expect(await changes(CLIENTS_ONLY)).toEqual([]);

      await on('systemctl disable etcd-firewall 2>&1; echo "# mine" >>/opt/etcd/cfg/firewall.*');
      expect((await apply(CLIENTS_ONLY)).changes).toEqual([
        expect.stringMatching(/^firewall:etcd \/opt\/etcd\/cfg\/firewall\.\w+ content: /),
        'firewall:etcd permanent: null → enabled',
      ]);
      expect(await changes(CLIENTS_ONLY)).toEqual([]);

      const two = { members: 2 };
      expect((await apply(CLIENTS_ONLY, two)).changes).toEqual([
        expect.stringMatching(/^firewall:etcd \/opt\/etcd\/cfg\/firewall\.\w+ content: /),
        expect.stringMatching(/2379\/tcp from 10\.0\.52\.6: accept → null$/),
        expect.stringMatching(/2380\/tcp from 10\.0\.52\.6: accept → null$/),
      ]);
      expect(await changes(CLIENTS_ONLY, two)).toEqual([]);

      await lab.reboot(HOST);
      await on(prepare.replace(/^mv .*$/gm, ':'));
      expect(await changes(CLIENTS_ONLY, two)).toEqual([]);
      expect(await on('systemctl is-system-running')).toBe('running');
    });

    test(`${backend}: members reach both ports, clients one, and other ports are left alone`, async () => {
      await on(prepare);
      await listen();
      const before = await reach(8080);
      await apply(CLIENTS_ONLY);
      expect(await reach(2380)).toBe('self member');
      expect(await reach(2379)).toBe('self member client');
      expect(await reach(8080)).toBe(before);
      await apply();
      expect(await reach(2380)).toBe('self member');
      expect(await reach(2379)).toBe('self member client outsider');
    });

    test(`${backend}: rules of others stay as they are, byte for byte`, async () => {
      await on(prepare);
      await on(FOREIGN_RULES);
      const before = await on(dump);
      await apply(CLIENTS_ONLY);
      expect(await on(`${dump} | grep -ci quorate`)).not.toBe('0');
      expect(await on(`${dump} | ${WITHOUT_OURS}`)).toBe(before);
      // A second address leaves, and all of ours.
      await apply(CLIENTS_ONLY, { members: 2 });
      expect(await on(`${dump} | ${WITHOUT_OURS}`)).toBe(before);
      await apply({ etcd_firewall: 'disabled' });
      expect(await on(dump)).toBe(before);
      expect(await on('find /etc/systemd/system /opt/etcd -name "*firewall*"')).toBe('');
    });
  };

  ownRules('nftables', ':', 'nft --stateless list ruleset');
  ownRules('iptables', HIDE_NFT, '{ iptables-save; ip6tables-save; } | grep -v "^#"');

  test('nftables: a rule that was removed by hand is named and put back', async () => {
    await apply();
    await on(`handle=$(nft -a list table inet quorate_etcd | sed -n 's/.*10.0.52.14.*handle //p')
      nft delete rule inet quorate_etcd input handle "$handle"; nft add rule inet quorate_etcd input tcp dport 22 accept`);
    const expected = [
      'firewall:etcd runtime 2380/tcp from 10.0.52.14: null → accept',
      'firewall:etcd runtime 22/tcp from any: accept → null',
    ];
    expect(await changes()).toEqual(expected);
    expect((await apply()).changes).toEqual(expected);
    expect(await changes()).toEqual([]);
  });

  test('nftables: a table whose rules stand in another order is loaded again', async () => {
    await apply();
    await on(`drop=$(nft -a list table inet quorate_etcd | sed -n 's/.*2380 drop.*handle //p')
      nft delete rule inet quorate_etcd input handle "$drop"; nft insert rule inet quorate_etcd input tcp dport 2380 drop`);
    expect((await apply()).changes).toEqual(['firewall:etcd runtime order: other → as in its file']);
    expect(await changes()).toEqual([]);
  });

  test('nftables: our table comes back when the distribution flushes all rules', async () => {
    await on('systemctl enable --now nftables 2>&1');
    await apply();
    await on('systemctl restart nftables');
    expect(await changes()).toEqual([]);
    await on('systemctl reload nftables');
    expect(await changes()).toEqual([]);
    await lab.reboot(HOST);
    expect(await changes()).toEqual([]);
  });

  test('nftables: members over IPv6, and members given by name', async () => {
    const hosts = lab.hosts.map(({ name, address, address6 }) => `${address} ${name}\n${address6} ${name}`);
    await on(`echo '${hosts.join('\n')}' >>/etc/hosts`);
    await listen();
    await apply(CLIENTS_ONLY, { by: 'name' });
    expect(await changes(CLIENTS_ONLY, { by: 'name' })).toEqual([]);
    expect(await on(knock(2380, 'fd00:52::13'), 'etcd02')).toBe('open');
    expect(await on(knock(2380, 'fd00:52::13'), 'etcd04')).toBe('closed');
    expect(await reach(2380)).toBe('self member');
  });

  test('a name of a member that does not resolve is an error before anything is changed', async () => {
    await expect(apply({}, { by: 'name' })).rejects.toThrow(
      /etcd01: etcd02, the address of etcd02, does not resolve here/,
    );
    expect(await on('nft list ruleset')).toBe('');
  });

  test('nftables: a chain of the host that drops by default is told before anything is written, with the line that opens it', async () => {
    await on(`printf '%s\\n' 'table inet filter {' 'chain input {' 'type filter hook input priority 0; policy drop;' \
      'iif lo accept' 'ct state established,related accept' 'tcp dport 22 accept' '}' '}' | nft -f -`);
    await listen();
    const refused = await apply(CLIENTS_ONLY).then(
      () => undefined,
      (error: QuorateError) => error,
    );
    expect(refused).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/chain input of table inet filter/),
    });
    expect(await on('nft list tables')).toBe('table inet filter');
    const [opening = ''] = /^nft insert rule [^:]* accept/.exec(refused?.hint ?? '') ?? [];
    await on(opening);
    await apply(CLIENTS_ONLY);
    expect(await reach(2380)).toBe('self member');
    expect(await reach(2379)).toBe('self member client');
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  test.each(isWhole('FAULTS') ? DENIALS : DENIALS.slice(0, 1))(
    '%s: a rule that comes before ours is told before anything is written, and how to get rid of it',
    async (name, prepare, cure) => {
      await on(prepare);
      await listen();
      const refused = await apply(CLIENTS_ONLY).catch((error: QuorateError) => error);
      expect(refused).toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(`${name} has a rule before ours that blocks sources of 2380/tcp`),
      });
      expect(await on('nft list ruleset | grep -c quorate || true')).toBe('0');
      const [command = ''] = cure.exec((refused as QuorateError).hint ?? '') ?? [];
      await on(command);
      await apply(CLIENTS_ONLY);
      expect(await reach(2380)).toBe('self member');
    },
  );

  test('iptables: carries the rules where INPUT drops by default, and opens the ports there', async () => {
    await on(
      'iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -i lo -j ACCEPT; iptables -P INPUT DROP',
    );
    await listen();
    expect(await reach(2380)).toBe('self');
    const { facts } = await apply(CLIENTS_ONLY);
    expect(facts.firewall.backend).toBe('iptables');
    expect(await reach(2380)).toBe('self member');
    expect(await reach(2379)).toBe('self member client');
    expect(await reach(8080)).toBe('self');
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  test('iptables: is taken, too, where INPUT drops in the family of the members alone', async () => {
    await on(`ip6tables -A INPUT -p ipv6-icmp -j ACCEPT; ip6tables -A INPUT -p tcp --dport 22 -j ACCEPT
      ip6tables -A INPUT -i lo -j ACCEPT; ip6tables -P INPUT DROP`);
    await listen();
    expect((await apply()).facts.firewall.backend).toBe('nftables');
    const { facts } = await apply({}, { by: 'address6' });
    expect(facts.firewall.backend).toBe('iptables');
    expect(await on(knock(2380, 'fd00:52::13'), 'etcd02')).toBe('open');
    expect(await on(knock(8080, 'fd00:52::13'), 'etcd02')).toBe('closed');
  });

  test('iptables: a rule or the jump that was removed by hand is named and put back', async () => {
    await apply({ etcd_firewall: 'iptables' });
    await on(
      `iptables -D QUORATE-etcd -s 10.0.52.14 -p tcp --dport 2380 -j ACCEPT; ip6tables -D INPUT -j QUORATE-etcd`,
    );
    const { changes: made } = await apply({ etcd_firewall: 'iptables' });
    expect(made).toEqual([
      'firewall:etcd runtime ipv4 2380/tcp from 10.0.52.14: null → accept',
      'firewall:etcd runtime ipv6 INPUT: null → judged',
    ]);
    expect(await changes({ etcd_firewall: 'iptables' })).toEqual([]);
  });

  test('firewalld: members reach both ports, clients one or everybody, right after it was started', async () => {
    await on('systemctl start firewalld');
    const predicted = await changes(CLIENTS_ONLY);
    const run = await apply(CLIENTS_ONLY);
    expect(run.facts.firewall.backend).toBe('firewalld');
    expect(run.changes).toEqual(predicted);
    expect(run.changes.filter((change) => change.startsWith('firewall:etcd public '))).toHaveLength(
      2 * (4 + 3),
    );
    expect(run.changes).toContain('firewall:etcd public permanent 2380/tcp from 10.0.52.14: null → accept');
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
    await listen();
    expect(await reach(2380)).toBe('self member');
    expect(await reach(2379)).toBe('self member client');
    expect(await reach(8080)).toBe('self');
    // A port that is open to all is one of the zone, and is closed again when clients are listed.
    await apply();
    expect(await on('firewall-cmd --list-ports; firewall-cmd --permanent --list-ports')).toBe(
      '2379/tcp\n2379/tcp',
    );
    expect(await reach(2379)).toBe('self member client outsider');
    await apply(CLIENTS_ONLY);
    expect(await reach(2379)).toBe('self member client');
  });

  test('firewalld: rules survive a reload and a reboot', async () => {
    await on('systemctl enable --now firewalld 2>&1');
    await apply(CLIENTS_ONLY);
    await on('firewall-cmd --reload');
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
    await lab.reboot(HOST);
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  test('firewalld: what is missing at runtime only, or permanently only, is named as such', async () => {
    await on('systemctl start firewalld');
    await apply();
    const rule = (member: string) =>
      `'rule family=ipv4 source address=${member} port port=2380 protocol=tcp accept'`;
    await on(`firewall-cmd --remove-rich-rule ${rule('10.0.52.14')}
      firewall-cmd --permanent --remove-rich-rule ${rule('10.0.52.6')}; firewall-cmd --remove-port 2379/tcp`);
    const expected = [
      'firewall:etcd public permanent 2380/tcp from 10.0.52.6: null → accept',
      'firewall:etcd public runtime 2379/tcp from any: null → accept',
      'firewall:etcd public runtime 2380/tcp from 10.0.52.14: null → accept',
    ];
    expect(await changes()).toEqual(expected);
    expect((await apply()).changes).toEqual(expected);
    expect(await changes()).toEqual([]);
  });

  test('firewalld: openings of the peer port that reach further are closed, other ports stay open', async () => {
    await on(`systemctl start firewalld; for permanent in '' --permanent; do
      firewall-cmd $permanent --add-port 2370-2380/tcp --add-port 2380/udp
      firewall-cmd $permanent --add-service etcd-server
      firewall-cmd $permanent --add-rich-rule 'rule family=ipv4 source address=10.0.52.20 port port=2380 protocol=tcp log prefix="p: " level=info limit value=3/m accept limit value=9/m'
      firewall-cmd $permanent --add-rich-rule 'rule family=ipv4 source address=10.0.52.99 port port=2380 protocol=tcp drop'
      firewall-cmd $permanent --add-rich-rule 'rule family=ipv4 source address=10.0.52.20 port port=9100 protocol=tcp accept'
    done`);
    const { changes: made } = await apply();
    const removed = made.filter((change) => change.endsWith('accept → null'));
    const logged =
      'rule family="ipv4" source address="10.0.52.20" port port="2380" protocol="tcp" log prefix="p: " level="info" limit value="3/m" accept limit value="9/m"';
    expect(removed).toEqual(
      ['permanent', 'runtime'].flatMap((scope) => [
        `firewall:etcd public ${scope} 2380/tcp from any: accept → null`,
        `firewall:etcd public ${scope} service etcd-server: accept → null`,
        `firewall:etcd public ${scope} ${logged}: accept → null`,
      ]),
    );
    expect(await changes()).toEqual([]);
    for (const permanent of ['', '--permanent']) {
      expect(await on(`firewall-cmd ${permanent} --list-ports`)).toBe('2370-2379/tcp 2380/udp');
      expect((await on(`firewall-cmd ${permanent} --list-rich-rules`)).split('\n')).toHaveLength(5);
    }
  });

  long('firewalld: the zones that judge the packets get the rules', async () => {
    await on(`systemctl start firewalld; for permanent in '' --permanent; do
      firewall-cmd $permanent --zone internal --change-interface eth0
      firewall-cmd $permanent --zone work --add-source 10.0.52.14/31
      firewall-cmd $permanent --zone dmz --add-source 192.0.2.0/24
    done`);
    await listen();
    const { changes: made } = await apply(CLIENTS_ONLY);
    const zones = made.flatMap(
      (change) => /^firewall:etcd (\w+) (?:permanent|runtime) /.exec(change)?.[1] ?? [],
    );
    expect(new Set(zones)).toEqual(new Set(['internal', 'work']));
    expect(await reach(2380)).toBe('self member');
    expect(await reach(2379)).toBe('self member client');
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  test('firewalld: nothing is reloaded, so what others have at runtime stays', async () => {
    await on('systemctl start firewalld; firewall-cmd --add-port 9999/tcp');
    await on(FOREIGN_RULES);
    const dump = `nft --stateless list ruleset | sed "/^table inet firewalld/,/^}/d" | ${WITHOUT_OURS}; firewall-cmd --query-port 9999/tcp`;
    const before = await on(dump);
    await apply(CLIENTS_ONLY);
    expect(await on(dump)).toBe(before);
  });

  long('firewalld: is joined by the table of ours that was there before it', async () => {
    await apply(CLIENTS_ONLY);
    await on('systemctl start firewalld');
    const { changes: made } = await apply(CLIENTS_ONLY);
    expect(made.filter((change) => !change.startsWith('firewall:etcd public '))).toEqual([]);
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  /** What lets more in than our entries in that firewall can shut out. */
  const WIDER = [
    ['a zone that accepts everything', firewalldWith('--permanent --zone public --set-target ACCEPT')],
    ['ufw, which allows by default', 'ufw default allow incoming; ufw --force enable'],
    [
      'a rich rule for a range of ports',
      firewalldWith(`--permanent --add-rich-rule 'rule family=ipv4 port port=2000-3000 protocol=tcp accept'`),
    ],
  ] as const;
  test.each(isWhole('FAULTS') ? WIDER : WIDER.slice(0, 2))(
    '%s: what it lets in besides is dropped',
    async (_what, prepare) => {
      await on(prepare);
      await listen();
      expect(await reach(2380)).toBe('self member client outsider');
      const predicted = await changes(CLIENTS_ONLY);
      expect((await apply(CLIENTS_ONLY)).changes).toEqual(predicted);
      expect(await reach(2380)).toBe('self member');
      expect(await reach(2379)).toBe('self member client');
      expect(await changes(CLIENTS_ONLY)).toEqual([]);
    },
  );

  test('nftables: a file of the other backend goes, and the rules in force stay', async () => {
    await apply(CLIENTS_ONLY);
    await on(': >/opt/etcd/cfg/firewall.iptables');
    const before = await on('nft --stateless list ruleset');
    const { changes: made } = await apply(CLIENTS_ONLY);
    expect(made).toEqual(['firewall:etcd /opt/etcd/cfg/firewall.iptables: present → null']);
    expect(await on('nft --stateless list ruleset')).toBe(before);
    expect(await changes(CLIENTS_ONLY)).toEqual([]);
  });

  test('iptables takes over from nftables, and back', async () => {
    await apply();
    await apply({ etcd_firewall: 'iptables' });
    expect(await on('nft list tables')).not.toContain('quorate');
    expect(await changes({ etcd_firewall: 'iptables' })).toEqual([]);
    await apply({ etcd_firewall: 'nftables' });
    expect(await on('nft list tables; iptables-save')).not.toContain('QUORATE');
    expect(await changes({ etcd_firewall: 'nftables' })).toEqual([]);
  });

  test('disabled stops firewalld and keeps it from starting; none leaves all alone', async () => {
    await on('systemctl enable --now firewalld 2>&1');
    expect(await changes({ etcd_firewall: 'none' })).toEqual([]);
    const { changes: made } = await apply({ etcd_firewall: 'disabled' });
    expect(made).toEqual([
      'firewall-off:firewalld state: active → inactive',
      'firewall-off:firewalld enabled: enabled → disabled',
    ]);
    expect(await changes({ etcd_firewall: 'disabled' })).toEqual([]);
    expect(await on('nft list ruleset; systemctl is-enabled firewalld || true')).toBe('disabled');
  });

  test('a firewall that is asked for and does not run is not started', async () => {
    await expect(apply({ etcd_firewall: 'firewalld' })).rejects.toThrow(
      'etcd01: firewalld is asked for, which is not active',
    );
    expect(await on('systemctl is-active firewalld || true')).toBe('inactive');
  });

  test.each(isWhole('FAULTS') ? ANYBODY : ANYBODY.slice(0, 1))(
    'a role of anybody, beside %s: it holds over a reboot, and goes',
    async (_what, prepare, drift, left) => {
      const web = (...args: string[]) =>
        runPlaybook(lab, ['-l', HOST, '-e', 'lab_case=firewall', ...args], {
          playbook: '../test/lab/support/resourcesPlaybook',
        });
      const nothing = ['-e', 'lab_case=nothing'];
      await on(prepare);
      await listen();
      for (const change of [':', drift]) {
        await on(change);
        const check = await web('--check');
        const run = await web();
        expect([check.errors, run.errors, run.code], run.text).toEqual([[], [], 0]);
        expect(run.changed).not.toEqual([]);
        expect(changeSet(check)).toEqual(changeSet(run));
      }
      expect(await reach(2380)).toBe('self member');
      // On a busy machine a knock may take longer than it is given.
      await expect.poll(() => reach(2379), { timeout: 20_000 }).toBe('self member client outsider');
      await expect
        .poll(() => reach(8080), { timeout: 20_000 })
        .toBe(left.length > 0 ? 'self' : 'self member client outsider');
      await lab.reboot(HOST);
      expect((await web('--check')).changed).toEqual([]);
      expect((await web(...nothing, '--check')).left).toEqual([
        'unit web-firewall.service',
        ...left,
        'file /etc/systemd/system/web-firewall.service',
        'file /etc/web-firewall.nftables',
      ]);
      const pruned = await web(...nothing, '--prune');
      expect([pruned.errors, pruned.code]).toEqual([[], 0]);
      expect(await on('nft list tables; find /etc -name "*web-firewall*"')).not.toContain('web');
      expect(await on('cat /etc/firewalld/zones/*.xml /etc/ufw/user.rules 2>/dev/null || true')).not.toMatch(
        /2379|2380/,
      );
      expect((await web(...nothing, '--check')).left).toEqual([]);
    },
  );

  test('sources are the members and the clients, as the kernel has them', async () => {
    await apply({ etcd_client_cidrs: ['10.9.8.7/16', 'FD00:0:0::/8', '10.9.1.1'] });
    const table = await on('nft list table inet quorate_etcd');
    for (const source of [...MEMBERS, '10.9.0.0/16', '10.9.1.1', 'fd00::/8']) {
      expect(table).toContain(`saddr ${source} tcp dport 2379 accept`);
    }
  });
});

/** What Docker, kube-proxy and people have beside us: tables of their own, chains in iptables' tables. */
const FOREIGN_RULES = `iptables -t nat -N DOCKER; iptables -t nat -A DOCKER -p tcp --dport 2379 -j DNAT --to-destination 172.17.0.2:2379
iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -A FORWARD -j DOCKER-USER
iptables -N KUBE-FIREWALL; iptables -A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP; iptables -A INPUT -j KUBE-FIREWALL
ip6tables -N KUBE-FIREWALL; ip6tables -A INPUT -j KUBE-FIREWALL
NFT=$(command -v nft || echo /usr/sbin/nft.hidden)
$NFT add table inet mine; $NFT 'add chain inet mine input { type filter hook input priority 10; policy accept; }'
$NFT add rule inet mine input tcp dport 2380 counter packets 0 bytes 0 accept`;

/** Removes our table or chain from a dump. */
const WITHOUT_OURS = `sed -e '/^table inet quorate_/,/^}/d' -e '/QUORATE/d'`;

/** firewalld with a permanent change of its own. */
function firewalldWith(change: string): string {
  return `systemctl start firewalld; firewall-cmd ${change}; firewall-cmd --reload`;
}

const HIDE_NFT = 'mv /usr/sbin/nft /usr/sbin/nft.hidden';

/** Shell text that says whether a TCP port of the host answers within a second. */
function knock(port: number, address = ADDRESS): string {
  return `timeout 1 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo open || echo closed`;
}
