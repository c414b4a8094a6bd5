import type { Dice } from './dice.ts';
import type { Layout } from './settings.ts';

/** Something done to a host behind the back of the runs. */
export interface Damage {
  readonly host: string;
  readonly what: string;
  readonly script: string;
  /** Takes away again what no run would: it is not ours. */
  readonly undo?: string;
}

type Make = (layout: Layout, dice: Dice) => Omit<Damage, 'host'>;

/** Damages to a host with a member, with how often each is picked. */
const LIVE: readonly (readonly [weight: number, make: Make])[] = [
  [12, onFile],
  [3, onDirectory],
  [4, onService],
  [4, onFirewall],
  [3, onRecords],
  [1, onUser],
  [1, onData],
];

/** What may lie on a host that never had a member. */
const BARE: readonly (readonly [weight: number, make: Make])[] = [
  [6, strayFile],
  [2, strayDirectory],
  [2, onForeignFirewall],
  [1, strayUser],
];

/** `count` damages, to hosts and things by chance. */
export function damagesOf(
  kind: 'live' | 'bare',
  count: number,
  hosts: readonly string[],
  layout: Layout,
  dice: Dice,
): readonly Damage[] {
  const pot = (kind === 'live' ? LIVE : BARE).flatMap(([weight, make]) => Array<Make>(weight).fill(make));
  return Array.from({ length: count }, () => ({ host: dice.one(hosts), ...dice.one(pot)(layout, dice) }));
}

const SYSTEM = '/etc/systemd/system';

function filesOf({ bin, config, certs, service }: Layout): readonly string[] {
  return [
    ...['ca', 'server', 'server-key', 'peer', 'peer-key'].map((name) => `${certs}/${name}.pem`),
    ...[`${config}/etcd.conf`, `${SYSTEM}/${service}.service`, `${SYSTEM}/${service}-firewall.service`],
    ...[`${config}/firewall.nftables`, `${bin}/etcd`, `${bin}/etcdctl`],
  ];
}

/** A running binary cannot be written to, so a changed copy takes its place. */
const edited = (path: string, edit: string) =>
  `if [ -f ${path} ]; then cp -p ${path} /root/edited && ${edit} && mv -f /root/edited ${path}; fi`;

function onFile(layout: Layout, dice: Dice): Omit<Damage, 'host'> {
  const path = dice.one(filesOf(layout));
  const mode = dice.one(['0600', '0644', '0666', '0755', '0400']);
  const [what, script] = dice.one([
    ['got a line', edited(path, 'echo "# by hand" >>/root/edited')],
    ['lost its end', edited(path, 'truncate -s -1 /root/edited')],
    ['is empty', edited(path, ': >/root/edited')],
    ['is gone', `rm -f ${path}`],
    [`has mode ${mode}`, `[ ! -f ${path} ] || chmod ${mode} ${path}`],
    ["is another user's", `[ ! -f ${path} ] || chown nobody:nogroup ${path}`],
    [
      'is a link',
      `[ ! -f ${path} ] || { mv ${path} /root/moved && cp -p /root/moved ${path}.real && ln -s ${path}.real ${path}; }`,
    ],
    ['is a directory', `rm -f ${path}; mkdir -p ${path}`],
    ['was touched', `[ ! -f ${path} ] || touch -d 2020-02-02 ${path}`],
    ['was written again as it was', edited(path, ':')],
  ] as const);
  const undo = { 'is a directory': `[ ! -d ${path} ] || rmdir ${path}`, 'is a link': `rm -f ${path}.real` }[
    what as string
  ];
  return { what: `${path} ${what}`, script, ...(undo !== undefined && { undo }) };
}

function onDirectory({ bin, config, certs, data }: Layout, dice: Dice): Omit<Damage, 'host'> {
  const path = dice.one([bin, config, certs]);
  return dice.one([
    { what: `${path} has mode 0700`, script: `chmod 0700 ${path}` },
    { what: `${path} is another user's`, script: `chown nobody ${path}` },
    { what: `${path} is gone`, script: `case ${data}/ in ${path}/*) ;; *) rm -rf ${path} ;; esac` },
    { what: `${path} is empty`, script: `find ${path} -maxdepth 1 -type f -delete` },
  ]);
}

function onService({ service, config, bin }: Layout, dice: Dice): Omit<Damage, 'host'> {
  const unit = `${SYSTEM}/${service}.service`;
  return dice.one([
    { what: `${service} is stopped`, script: `systemctl stop ${service}` },
    { what: `${service} is disabled`, script: `systemctl disable --quiet ${service}` },
    { what: `${service} is stopped and disabled`, script: `systemctl disable --quiet --now ${service}` },
    { what: `${service} died`, script: `systemctl kill -s KILL ${service}` },
    { what: `${service} was restarted`, script: `systemctl restart --no-block ${service}` },
    {
      what: `${service} runs with a setting by hand`,
      script: `[ ! -f ${config}/etcd.conf ] || { echo 'ETCD_MAX_SNAPSHOTS="6"' >>${config}/etcd.conf; systemctl restart --no-block ${service}; }`,
    },
    {
      what: `${service} has another unit loaded`,
      script: `[ ! -f ${unit} ] || { echo '# by hand' >>${unit}; systemctl daemon-reload; systemctl restart --no-block ${service}; }`,
    },
    { what: 'systemd read its units again', script: 'systemctl daemon-reload' },
    { what: 'the record of the start is gone', script: `rm -f /run/${service}/loaded` },
    {
      what: 'the record of the start is cut',
      script: `if [ -f /run/${service}/loaded ]; then truncate -s 70 /run/${service}/loaded; fi`,
    },
    {
      what: 'a file of a bootstrap is left',
      script: `echo 'ETCD_INITIAL_CLUSTER_STATE="new"' >/run/quorate-${service}.env`,
    },
    {
      what: `${service} cannot start`,
      script: `systemctl stop ${service}; mv -f ${bin}/etcd /root/etcd.aside && cp /bin/false ${bin}/etcd; systemctl start --no-block ${service}`,
    },
  ]);
}

function onFirewall(layout: Layout, dice: Dice): Omit<Damage, 'host'> {
  const { service, config } = layout;
  const table = `inet quorate_${service}`;
  const unit = `${service}-firewall.service`;
  return dice.one([
    { what: 'our table is gone', script: `nft delete table ${table} 2>/dev/null` },
    { what: 'our table is empty', script: `nft flush table ${table} 2>/dev/null` },
    {
      what: 'our table has a rule of somebody',
      script: `nft add rule ${table} input tcp dport 2380 accept 2>/dev/null`,
    },
    {
      what: 'our table has another order',
      script: `nft insert rule ${table} input tcp dport 2379 accept 2>/dev/null`,
    },
    { what: 'all rules are gone', script: 'nft flush ruleset' },
    { what: `${unit} is disabled`, script: `systemctl disable --quiet ${unit} 2>/dev/null` },
    { what: `${unit} is stopped`, script: `systemctl stop ${unit} 2>/dev/null` },
    {
      what: 'the rules of another backend lie about',
      script: `mkdir -p ${config}; : >${config}/firewall.iptables`,
    },
    onForeignFirewall(layout, dice),
  ]);
}

/** Not ours to take away, and what our rules are made with depends on it. */
function onForeignFirewall(_layout: Layout, dice: Dice): Omit<Damage, 'host'> {
  return dice.one([
    {
      what: 'firewalld was started',
      script: 'systemctl start firewalld; until firewall-cmd --state >/dev/null 2>&1; do sleep 0.1; done',
      undo: 'systemctl stop firewalld; rm -rf /etc/firewalld/zones/*',
    },
    {
      what: 'INPUT drops somebody',
      script: 'iptables -A INPUT -s 203.0.113.0/24 -j DROP',
      undo: 'while iptables -D INPUT -s 203.0.113.0/24 -j DROP 2>/dev/null; do :; done',
    },
  ]);
}

function onRecords({ state, service }: Layout, dice: Dice): Omit<Damage, 'host'> {
  return dice.one([
    { what: 'the manifest lacks a line', script: `sed -i '$d' ${state}/manifest 2>/dev/null` },
    { what: 'the manifest is gone', script: `rm -f ${state}/manifest` },
    { what: 'the manifest is empty', script: `[ ! -d ${state} ] || : >${state}/manifest` },
    { what: 'the record of the certificates is gone', script: `rm -f ${state}/issued` },
    {
      what: 'the record of the certificates lacks a line',
      script: `sed -i '$d' ${state}/issued 2>/dev/null`,
    },
    { what: 'the record of the release is gone', script: `rm -f ${state}/release` },
    { what: 'the record of a quorum is gone', script: `rm -f ${state}/formed` },
    {
      what: 'the record of the release is cut',
      script: `if [ -f ${state}/release ]; then truncate -s 30 ${state}/release; fi`,
    },
    { what: 'the digests are gone', script: `rm -f ${state}/digests` },
    { what: 'the digests are nonsense', script: `[ ! -d ${state} ] || echo nonsense >${state}/digests` },
    { what: 'the records are gone', script: `rm -rf ${state}` },
    {
      what: `a lock of nobody is left`,
      script: `[ ! -d ${state} ] || ln -sfn '99999999:1:gone@${service}' ${state}/lock`,
    },
  ]);
}

function onUser({ user, service }: Layout, dice: Dice): Omit<Damage, 'host'> {
  return dice.one([
    { what: `${user} has another group`, script: `usermod -g daemon ${user}` },
    { what: `${user} is gone`, script: `systemctl stop ${service}; userdel ${user} 2>/dev/null` },
  ]);
}

function onData({ data, service }: Layout, dice: Dice): Omit<Damage, 'host'> {
  return dice.one([
    { what: `${data} has mode 0755`, script: `chmod 0755 ${data}` },
    // A running member would fall over it some time later.
    {
      what: `${service} is stopped, ${data} is root's`,
      script: `systemctl stop ${service}; chown root:root ${data}`,
    },
    {
      what: `${data} is gone`,
      script: `systemctl stop ${service}; mv ${data} /root/data.aside`,
      undo: `systemctl stop ${service}; rm -rf ${data}; mv /root/data.aside ${data}`,
    },
  ]);
}

function strayFile(layout: Layout, dice: Dice): Omit<Damage, 'host'> {
  const path = dice.one(filesOf(layout));
  const mode = dice.one(['0600', '0644', '0755']);
  const content = dice.one(['', 'stray', 'ETCD_NAME="stray"\\n']);
  return {
    what: `${path} is there, mode ${mode}`,
    script: `mkdir -p ${path.replace(/\/[^/]*$/, '')} && printf '${content}' >${path} && chmod ${mode} ${path}`,
  };
}

function strayDirectory({ bin, config, certs, data, state }: Layout, dice: Dice): Omit<Damage, 'host'> {
  const path = dice.one([bin, config, certs, data, state]);
  const mode = dice.one(['0700', '0755', '0777']);
  const owner = dice.one(['root', 'nobody']);
  return {
    what: `${path} is there, mode ${mode}, ${owner}'s`,
    script: `mkdir -p ${path} && chmod ${mode} ${path} && chown ${owner} ${path}`,
  };
}

function strayUser({ user, group }: Layout, dice: Dice): Omit<Damage, 'host'> {
  return dice.one([
    { what: `group ${group} is there`, script: `groupadd ${group}` },
    { what: `user ${user} is there`, script: `useradd --no-create-home ${user}` },
    { what: `user ${user} is there in another group`, script: `useradd --no-create-home -g daemon ${user}` },
  ]);
}
