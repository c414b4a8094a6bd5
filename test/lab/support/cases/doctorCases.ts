import { etcdctl } from '../etcdctl.ts';
import type { Lab } from '../lab.ts';
import { runPlaybook } from '../playbook.ts';
import { releasedVersions } from '../releases/releases.ts';
import { installBinaries } from './foreign.ts';
import { plantLeaf } from './leaf.ts';

export const DATA = '/var/lib/etcd/default.etcd';
const SSL = '/opt/etcd/ssl';
const CONF = '/opt/etcd/cfg/etcd.conf';
/** Against a member that nothing is done to. */
export const CTL = etcdctl([{ address: '10.0.52.13' }]);

/** The release that is looked at, and one before it: older on newer data is refused by the latter. */
export const VERSION =
  process.env.QUORATE_ETCD ?? (releasedVersions().includes('3.7.3') ? '3.7.3' : '3.5.16');
const OLDER = VERSION.startsWith('3.5.') ? '3.4.23' : VERSION.startsWith('3.6.') ? '3.5.30' : '3.6.16';

const CORRUPT_CHECK = /^3\.[45]\./.test(VERSION) ? 'experimental-corrupt-check-time' : 'corrupt-check-time';

/** What is done to etcd03, what the doctor must say first, and how it is undone. */
export interface Case {
  readonly name: string;
  readonly provoke: string | ((lab: Lab) => Promise<unknown>);
  readonly first: RegExp;
  /** What the next step must name. */
  readonly next?: RegExp;
  /** How it is undone, where the next step is a person's decision; else what it says is carried out, and heals. */
  readonly heal?: string;
  /** Where it names several ways, the one to go: what follows these words. */
  readonly way?: string;
  /** Cheap enough for every run; the rest with `QUORATE_FAULTS=all`. */
  readonly always?: true;
}

/** With a start that is bound to fail: what is wrong is in place before it. */
const start = (seconds: number) =>
  `systemctl reset-failed etcd; systemctl start --no-block etcd; sleep ${seconds}`;

/** Where the data of a member is kept meanwhile: no data directory is looked for there. */
export const OWN = '/srv/own';

/** A disk of its own, as fstab has it, and a unit as a package brings it. */
export const DISK = '/srv/disk';
export const STRAY = '/usr/lib/systemd/system/etcd.service';

/** An empty directory in place of the data, which is kept. */
const WIPED = `systemctl stop etcd; mv ${DATA} ${OWN}; install -d -m 700 -o etcd -g etcd ${DATA}`;

/** Data that may be damaged: the good one is kept. */
const COPIED = `systemctl stop etcd; cp -a ${DATA} ${OWN}`;

/** Binaries, configuration, certificates and data as they were. */
export const RESTORED = `systemctl stop etcd; rm -rf /etc/systemd/system/etcd.service.d /run/quorate-etcd.env; systemctl daemon-reload
cp -a /run/opt.own/. /opt/etcd/; if [ -d ${OWN} ]; then rm -rf ${DATA}; mv ${OWN} ${DATA}; fi
systemctl reset-failed etcd; systemctl start etcd`;

/** A drop-in of somebody else's. */
const dropIn = (...lines: string[]) =>
  `mkdir -p /etc/systemd/system/etcd.service.d; printf '%s\\n' '[Service]' ${lines.map((line) => `'${line}'`).join(' ')} >/etc/systemd/system/etcd.service.d/t.conf; systemctl daemon-reload; systemctl stop etcd`;

/** A disk of its own under the data. */
const TMPFS = `systemctl stop etcd; mv ${DATA} ${OWN}; mkdir ${DATA}; mount -t tmpfs -o size=180m,mode=700,uid=$(id -u etcd) none ${DATA}; cp -a ${OWN}/. ${DATA}/`;
const NO_TMPFS = `systemctl stop etcd; rm -f ${DATA}/ballast; rm -rf ${OWN}; cp -a ${DATA} ${OWN}; umount ${DATA}; rmdir ${DATA}; mv ${OWN} ${DATA}; systemctl reset-failed etcd; systemctl start etcd`;

const REPLACED = /^next: node \S*playbooks\/members\.js -i \S+ --replace etcd03$/;

const LOST =
  /^etcd03: (the member has lost its data|a member came back without the log that it had promised|a member without data tries)/;

export const CASES: readonly Case[] = [
  {
    name: 'a member that does not run',
    provoke: 'systemctl stop etcd',
    first: /^etcd03: etcd does not run\netcd03: etcd is inactive$/,
    next: /site\.js -i \S+ starts it/,
  },
  {
    name: 'a member that a signal has stopped',
    provoke: 'systemctl kill -s STOP etcd',
    first: /^etcd03: etcd runs, and does not answer\netcd03: process \d+ was stopped by a signal/,
    next: /^next: on etcd03: kill -CONT \d+$/,
    always: true,
  },
  {
    name: 'packets to the peer port that are dropped',
    provoke: `nft -f - <<'E'
table inet cut { chain input { type filter hook input priority -10; tcp dport 2380 drop; }; }
E`,
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0\d → etcd03:2380 filtered; etcd03 has the rule "tcp dport 2380 drop/s,
    heal: 'nft delete table inet cut',
    next: /on etcd03: nft -a list ruleset.*site\.js -i \S+ -r firewall/s,
  },
  {
    name: 'a firewall that somebody started, without a rule for members',
    provoke: 'systemctl start firewalld',
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0\d → etcd03:23(79|80) filtered; firewalld on etcd03 has no rule for it/s,
  },
  {
    name: 'packets that leave from another address',
    provoke: `dev=$(ip -o route get 10.0.52.13 | sed 's/.* dev //; s/ .*//'); ip addr add 10.0.52.66/24 dev $dev
for to in 10.0.52.13 10.0.52.14; do ip route add $to dev $dev src 10.0.52.66; done; systemctl restart --no-block etcd; sleep 4`,
    first:
      /^etcd03: its packets leave from another address .*\netcd03: packets to \S+, \S+ leave from 10\.0\.52\.66, and others know it as 10\.0\.52\.6$/m,
    next: /^next: on etcd03: ip route replace 10\.0\.52\.1\d dev \S+ src 10\.0\.52\.6;/,
  },
  {
    name: 'a data directory of another user',
    provoke: `systemctl stop etcd; chown root:root ${DATA}; ${start(2)}`,
    first:
      /^etcd03: etcd may not use its data directory\netcd03: \S+ belongs to root, mode 0700; etcd runs as etcd/,
    next: /^next: on etcd03: chown -R etcd:etcd \/var\/lib\/etcd\/default\.etcd; systemctl reset-failed etcd; systemctl restart/,
    always: true,
  },
  {
    name: 'data files of another user',
    provoke: `systemctl stop etcd; chown -R root:root ${DATA}/member; ${start(2)}`,
    first: /^etcd03: etcd may not use its data directory\netcd03: \S+\/member\S* belongs to root/,
  },
  {
    name: 'a key that only root may read',
    provoke: `systemctl stop etcd; chown root:root ${SSL}/peer-key.pem; chmod 600 ${SSL}/peer-key.pem; ${start(2)}`,
    first:
      /^etcd03: etcd may not read a file that it needs\netcd03: \/opt\/etcd\/ssl\/peer-key\.pem belongs to root, mode 0600; etcd runs as etcd/,
    next: /site\.js -i \S+ -r certs/,
  },
  {
    name: 'a key of another pair',
    provoke: `openssl ecparam -name prime256v1 -genkey -noout -out /run/key.pem; cat /run/key.pem >${SSL}/server-key.pem; systemctl stop etcd; ${start(2)}`,
    first:
      /^etcd03: a certificate and its key do not belong together.*\netcd03: \/opt\/etcd\/ssl\/server-key\.pem is not the one that was installed with \/opt\/etcd\/ssl\/server\.pem/,
    next: /site\.js -i \S+ -r certs/,
  },
  {
    name: 'a key that is missing',
    provoke: `rm ${SSL}/peer-key.pem; systemctl stop etcd; ${start(2)}`,
    first:
      /^etcd03: a file or folder that etcd needs is missing\netcd03: \/opt\/etcd\/ssl\/peer-key\.pem is missing/,
    next: /site\.js -i \S+ -r certs -r systemd/,
  },
  {
    name: 'a program that is missing',
    provoke: `systemctl stop etcd; rm /opt/etcd/bin/etcd; ${start(2)}`,
    first: /^etcd03: a file or folder that etcd needs is missing\netcd03: \/opt\/etcd\/bin\/etcd is missing/,
    next: /site\.js -i \S+ -r binaries -r systemd/,
  },
  {
    name: 'programs on a disk that runs none',
    provoke: `systemctl stop etcd; mount --bind /opt/etcd/bin /opt/etcd/bin; mount -o remount,bind,noexec /opt/etcd/bin; ${start(2)}`,
    first: /^etcd03: the program cannot be run\netcd03: \/opt\/etcd\/bin is mounted noexec/,
    next: /on etcd03: mount -o remount,exec \/opt\/etcd\/bin; systemctl reset-failed etcd/,
  },
  {
    name: 'data on a disk that is read-only',
    provoke: `${TMPFS}; mount -o remount,ro ${DATA}; ${start(2)}`,
    first:
      /^etcd03: a file system that etcd writes to is read-only\netcd03: \/var\/lib\/etcd\/default\.etcd is mounted ro/,
    next: /on etcd03: mount -o remount,rw \/var\/lib\/etcd\/default\.etcd; systemctl reset-failed etcd/,
  },
  {
    name: 'a port that another process has',
    provoke:
      'systemctl stop etcd; systemd-run -q --unit=squatter systemd-socket-activate --listen=0.0.0.0:2379 /bin/cat; sleep 0.5',
    first:
      /^etcd03: a port of the member is taken by another process\netcd03: port 2379 is taken by systemd-socket\S* \(pid \d+\) on 0\.0\.0\.0/,
    next: /on etcd03: systemctl status \d+ tells whose it is/,
    heal: 'systemctl stop squatter; systemctl start etcd',
  },
  {
    name: 'an etcd that somebody started by hand',
    provoke: `systemctl stop etcd; systemd-run -q --unit=by-hand -p EnvironmentFile=${CONF} /opt/etcd/bin/etcd; sleep 1; systemctl start --no-block etcd; sleep 3`,
    first:
      /^etcd03: another process uses its data directory\netcd03: etcd \(pid \d+\) has locked \S+\/snap\/db$/m,
    next: /on etcd03: systemctl status \d+ tells whose it is/,
    heal: `systemctl stop by-hand; chown -R etcd:etcd ${DATA}; systemctl reset-failed etcd; systemctl restart --no-block etcd`,
  },
  {
    name: 'a database that another process has locked',
    provoke: `systemctl stop etcd; systemd-run -q --unit=squatter flock ${DATA}/member/snap/db sleep 600; sleep 0.5; ${start(3)}`,
    first:
      /^etcd03: another process uses its data directory\netcd03: flock \(pid \d+\) has locked \S+\/snap\/db$/m,
    next: /on etcd03: systemctl status \d+ tells whose it is/,
    heal: 'systemctl stop squatter; systemctl restart --no-block etcd',
  },
  {
    name: 'a proxy between members',
    provoke: `${dropIn('UnsetEnvironment=', 'Environment=HTTPS_PROXY=http://10.0.52.99:3128')}; ${start(8)}`,
    first: /^etcd03: a proxy stands between the members\netcd03: process \d+ has HTTPS_PROXY/,
    next: /^next: on etcd03: mv \S+\/t\.conf \S+\.off; systemctl daemon-reload/,
  },
  {
    name: 'a limit of files that is too low',
    provoke: `${dropIn('LimitNOFILE=12')}; ${start(2)}`,
    first: /^etcd03: etcd has reached a limit of its process\n/,
    next: /^next: on etcd03: mv \S+\/t\.conf \S+\.off; systemctl daemon-reload/,
  },
  {
    name: 'a unit that is masked',
    provoke: 'systemctl stop etcd; rm /etc/systemd/system/etcd.service; systemctl mask etcd',
    first:
      /^etcd03: systemd has another unit than the one that was installed\netcd03: etcd\.service is masked$/,
    next: /^next: on etcd03: systemctl unmask etcd\nthen: .*site\.js -i \S+ -r systemd$/,
  },
  {
    name: 'the unit of a distribution in place of ours',
    provoke: `systemctl stop etcd; mv /etc/systemd/system/etcd.service ${STRAY}; sed -i s/default.etcd/distribution/ ${STRAY}; systemctl daemon-reload; ${start(1)}`,
    first:
      /^etcd03: systemd has another unit than the one that was installed\netcd03: etcd\.service is \S*\/lib\/systemd\/system\/etcd\.service, and ours is/,
    next: /site\.js -i \S+ -r systemd$/,
  },
  {
    name: 'a disk of its data that is not mounted',
    provoke: `systemctl stop etcd; mv ${DATA} ${DISK}; mkdir ${DATA}; echo '${DISK} ${DATA} none bind,nofail 0 0' >>/etc/fstab; ${start(2)}`,
    first:
      /^etcd03: the disk of its data is not mounted\netcd03: \/var\/lib\/etcd\/default\.etcd is for a disk, by .* and nothing is mounted there/,
    next: /^next: on etcd03: mount \/var\/lib\/etcd\/default\.etcd; systemctl reset-failed etcd/,
  },
  {
    name: 'a folder above its data that it may not enter',
    provoke: `systemctl stop etcd; chmod 700 /var/lib/etcd; ${start(2)}`,
    first:
      /^etcd03: etcd may not use its data directory\netcd03: \/var\/lib\/etcd belongs to root, mode 0700; etcd runs as etcd, and must come through\n/,
    next: /^next: on etcd03: chmod a\+x \/var\/lib\/etcd; systemctl reset-failed etcd/,
  },
  {
    name: 'data that may not be changed, whoever owns it',
    provoke: `systemctl stop etcd; chattr +i ${DATA}/member/snap/db; ${start(2)}`,
    first:
      /^etcd03: etcd may not use its data directory\n.*not permitted.*; neither owner nor mode keeps etcd from it$/m,
    next: /lsattr -d \S+\/snap\/db/,
    heal: `chattr -i ${DATA}/member/snap/db; systemctl reset-failed etcd; systemctl restart --no-block etcd`,
  },
  {
    name: 'an etcd.conf that is empty',
    provoke: `systemctl stop etcd; : >${CONF}; ${start(2)}`,
    first: /^etcd03: etcd does not take a setting\netcd03: \/opt\/etcd\/cfg\/etcd\.conf is empty$/m,
    next: /site\.js -i \S+ -r config -r systemd/,
  },
  {
    name: 'an address in etcd.conf that is another host’s',
    provoke: `sed -i '/LISTEN_/s/10.0.52.6:/10.0.52.77:/' ${CONF}; systemctl stop etcd; ${start(2)}`,
    first:
      /^etcd03: it listens elsewhere than others look for it\netcd03: \S+etcd\.conf has ETCD_LISTEN_CLIENT_URLS="\S*10\.0\.52\.77:2379\S*", and others look for it at 10\.0\.52\.6:2379$/m,
    next: /site\.js -i \S+ -r config -r systemd/,
  },
  {
    name: 'packets that its own firewall drops on their way out',
    provoke: `nft -f - <<'E'
table inet cut { chain output { type filter hook output priority -10; tcp dport 2380 drop; }; }
E`,
    first:
      /^etcd03: packets are dropped on the way: a firewall\netcd03 → etcd0\d:2380 filtered; etcd03 has the rule "tcp dport 2380 drop/,
    heal: 'nft delete table inet cut',
    next: /on etcd03: nft -a list ruleset/,
  },
  {
    name: 'a user that is missing',
    provoke: `systemctl stop etcd; userdel etcd; ${start(2)}`,
    first: /^etcd03: the user that etcd runs as is missing\n/,
    next: /site\.js -i \S+/,
  },
  {
    name: 'a clock that is ahead',
    provoke: `printf '#!/bin/sh\\nexec /bin/date -d "90 seconds" "$@"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date`,
    first: /^etcd03: clocks differ\netcd03: its clock is \d\d\.\d s ahead of this machine's$/,
    heal: 'rm /usr/local/bin/date',
  },
  {
    name: 'a full disk',
    provoke: `${TMPFS}; systemctl start etcd; head -c 180M /dev/zero >${DATA}/ballast 2>/dev/null; :`,
    first:
      /^etcd03: the disk that holds the data is full\netcd03: \S+default\.etcd has 0 MiB left, a WAL segment takes 64/,
    heal: NO_TMPFS,
  },
  {
    name: 'another CA',
    provoke: `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out ${SSL}/ca.pem -days 9 -subj /CN=other 2>/dev/null
systemctl restart --no-block etcd; sleep 3`,
    first: /^etcd03: a certificate comes from another CA\netcd03: ca\.pem has SHA-256 \S+, most have \S+/,
  },
  {
    name: 'a certificate that is over',
    provoke: (lab) => plantLeaf(lab, 'etcd03', 'server', { from: -9, until: -2 }),
    first:
      /^etcd03: a certificate has ended or is not valid yet\netcd03: \/opt\/etcd\/ssl\/server\.pem ended \d{4}-/,
    next: /site\.js -i \S+ -r certs/,
  },
  {
    name: 'a peer’s certificate for another address',
    provoke: (lab) => plantLeaf(lab, 'etcd03', 'peer', { names: ['10.0.52.12'] }),
    first:
      /^etcd03: a certificate does not carry the address that others connect to\netcd03: \/opt\/etcd\/ssl\/peer\.pem is for 10\.0\.52\.12, it needs 10\.0\.52\.6/,
    next: /site\.js -i \S+ -r certs/,
  },
  {
    name: 'a certificate that is not a client’s',
    provoke: (lab) => plantLeaf(lab, 'etcd03', 'server', { usages: ['signing', 'server auth'] }),
    first:
      /^etcd03: a certificate may not be used for what it is used for: .*\netcd03: \/opt\/etcd\/ssl\/server\.pem is not for client auth/,
    next: /site\.js -i \S+ -r certs/,
  },
  {
    name: 'http where https is wanted',
    provoke: `sed -i '/LISTEN_CLIENT_URLS/s/https/http/' ${CONF}; systemctl restart --no-block etcd; sleep 3`,
    first:
      /^etcd03: one side speaks http, the other https\netcd03: \/opt\/etcd\/cfg\/etcd\.conf has ETCD_LISTEN_CLIENT_URLS="http:\/\/10\.0\.52\.6:2379"/,
  },
  {
    name: 'a setting that etcd does not take',
    provoke: `echo 'ETCD_SNAPSHOT_COUNT="abc"' >>${CONF}; systemctl stop etcd; ${start(4)}`,
    first: /^etcd03: etcd does not take a setting\n.*invalid value "abc" for ETCD_SNAPSHOT_COUNT/,
    next: /site\.js -i \S+ -r config -r systemd/,
    always: true,
  },
  {
    name: 'a member without data that would found a cluster',
    // While it is the member of the founding: one that took its place has another ID.
    provoke: `token=$(journalctl -u etcd | grep -o 'initial-cluster-token":"[^"]*' | head -n 1 | cut -d'"' -f3); ${WIPED}
printf 'ETCD_INITIAL_CLUSTER_STATE="new"\\nETCD_INITIAL_CLUSTER_TOKEN="%s"\\n' "$token" >/run/quorate-etcd.env; ${start(2)}; rm /run/quorate-etcd.env`,
    first: LOST,
    next: REPLACED,
  },
  {
    name: 'a member that lost its data, and was started',
    provoke: `${WIPED}; ${start(4)}`,
    first: LOST,
    next: REPLACED,
  },
  {
    name: 'a host that was replaced by a bare one',
    provoke: (lab) => lab.reset('etcd03'),
    first:
      /^etcd03: the member has lost its data\netcd03: member [0-9a-f]+ has joined the cluster, and there is no log in/,
    next: REPLACED,
  },
  {
    name: 'data that lies beside',
    provoke: `systemctl stop etcd; mv ${DATA} /var/lib/etcd/other.etcd; ${start(3)}`,
    first:
      /^etcd03: its data is not where etcd looks for it\netcd03: \/var\/lib\/etcd\/default\.etcd (has no data|was begun anew), and \/var\/lib\/etcd\/other\.etcd has/,
    next: /set etcd_data_dir: \/var\/lib\/etcd\/other\.etcd for etcd03/,
    way: 'or bring it back: ',
  },
  {
    name: 'a data directory in etcd.conf that is another one',
    provoke: `sed -i '/DATA_DIR/s/default/typo/' ${CONF}; systemctl stop etcd; install -d -m 700 -o etcd -g etcd /var/lib/etcd/typo.etcd; ${start(3)}`,
    first:
      /^etcd03: its data is not where etcd looks for it\netcd03: \/var\/lib\/etcd\/typo\.etcd (has no data|was begun anew), and \/var\/lib\/etcd\/default\.etcd has/,
  },
  {
    name: 'a member without data that founds a cluster of its own, by another token',
    provoke: `${WIPED}
printf 'ETCD_INITIAL_CLUSTER_STATE="new"\\nETCD_INITIAL_CLUSTER_TOKEN="other"\\n' >/run/quorate-etcd.env; ${start(4)}; rm /run/quorate-etcd.env`,
    first: /^etcd03: a member carries the data of another cluster\n/,
    next: REPLACED,
  },
  {
    name: 'a list of members that lacks one',
    provoke: `${WIPED}; sed -i '/INITIAL_CLUSTER=/s/,etcd05=[^"]*//' ${CONF}; ${start(2)}`,
    first: LOST,
    next: REPLACED,
  },
  {
    name: 'a peer URL that the cluster does not know',
    provoke: `${WIPED}; sed -i -e '/INITIAL_CLUSTER=/s/10\\.0\\.52\\.6:2380/10.0.52.6:2390/' -e '/ADVERTISE_PEER/s/2380/2390/' ${CONF}; ${start(2)}`,
    first: LOST,
    next: REPLACED,
  },
  {
    name: 'a peer URL that was changed in the cluster alone',
    provoke: `systemctl stop etcd; ${CTL}; again ctl member update $(ctl member list | grep etcd03 | cut -d, -f1) --peer-urls=https://10.0.52.6:2390`,
    first:
      /^etcd03: its peer URL is not the one that the cluster knows\netcd03: the cluster knows member etcd03 \([0-9a-f]+\) at https:\/\/10\.0\.52\.6:2390, the inventory says https:\/\/10\.0\.52\.6:2380/,
    next: /^next: where the inventory is right: node \S*playbooks\/members\.js -i \S+$/,
  },
  {
    name: 'a name that is not in the list of members',
    provoke: `${WIPED}; sed -i '/ETCD_NAME/s/etcd03/etcd99/' ${CONF}; ${start(2)}`,
    first: LOST,
    next: REPLACED,
  },
  {
    name: 'a setting in the environment and as a flag',
    provoke: `${dropIn('ExecStart=', 'ExecStart=/opt/etcd/bin/etcd --name=etcd03')}; ${start(2)}`,
    first:
      /^etcd03: a setting is given twice.*shadowed by corresponding command-line flag.*etcd\.service\.d\/t\.conf changes the unit/s,
    next: /on etcd03: mv \/etc\/systemd\/system\/etcd\.service\.d\/t\.conf \S+\.off; systemctl daemon-reload/,
  },
  {
    name: 'memory that etcd may not have',
    provoke: `${dropIn('LimitAS=1500M', 'Restart=no')}; ${start(2)}`,
    first:
      /^etcd03: the host has no memory left\n.*cannot allocate memory.*etcd\.service\.d\/t\.conf changes the unit/,
  },
  {
    name: 'an older etcd on newer data',
    provoke: async (lab) => {
      await lab.ssh('etcd03', 'systemctl stop etcd');
      await installBinaries(lab, 'etcd03', '/opt/etcd/bin', OLDER);
      await lab.ssh('etcd03', start(3));
    },
    first:
      /^etcd03: an older etcd was started on newer data\n.*(cannot be downgraded|invalid downgrade|is not supported)/,
    next: /site\.js -i \S+ -r binaries/,
  },
  {
    name: 'a write-ahead log that is damaged',
    // Written anew: a member that took the place of another may have got the older ones in a snapshot.
    provoke: `${CTL}; head -c 200000 /dev/urandom | base64 -w0 | ctl put big-value >/dev/null; sleep 0.5; ${COPIED}; w=$(ls ${DATA}/member/wal/*.wal | tail -n 1); at=$(grep -abo big-value $w | tail -n 1 | cut -d: -f1)
printf '\\377' | dd of=$w bs=1 seek=$((at + 100000)) conv=notrunc 2>/dev/null; ${start(2)}`,
    first: /^etcd03: the write-ahead log is damaged\n.*(crc mismatch|proto:)/,
    next: REPLACED,
  },
  {
    name: 'a write-ahead log whose frames are damaged',
    provoke: `${COPIED}; w=$(ls ${DATA}/member/wal/*.wal | tail -n 1); printf '\\377\\377\\377\\377' | dd of=$w bs=1 seek=24 conv=notrunc 2>/dev/null; ${start(2)}`,
    first: /^etcd03: the write-ahead log is damaged\n/,
    next: REPLACED,
  },
  {
    name: 'a write-ahead log that is empty',
    provoke: `${COPIED}; for w in ${DATA}/member/wal/*.wal; do : >$w; done; ${start(2)}`,
    first: /^etcd03: the write-ahead log is damaged\netcd03: \S+\.wal is empty/,
    next: REPLACED,
  },
  {
    name: 'a database that is overwritten',
    provoke: `${COPIED}; dd if=/dev/zero of=${DATA}/member/snap/db bs=4096 count=4 conv=notrunc 2>/dev/null; ${start(2)}`,
    first: /^etcd03: snap\/db is damaged\n.*invalid database/,
    next: REPLACED,
  },
  {
    name: 'a database that is lost',
    provoke: `echo 'ETCD_SNAPSHOT_COUNT="5"' >>${CONF}; systemctl restart etcd; ${CTL}
for i in $(seq 12); do ctl put snap $i >/dev/null; done; sleep 0.5; ${COPIED}; rm ${DATA}/member/snap/db; ${start(2)}`,
    first: /^etcd03: snap\/db is lost\n.*(failed to find database snapshot file|snapshot file doesn't exist)/,
    next: REPLACED,
  },
  {
    name: 'data that differs',
    provoke: `${CTL}; ctl put mark MARKER-AAAA >/dev/null; sleep 0.5; ${COPIED}; sed -i s/MARKER-AAAA/MARKER-AAAB/ ${DATA}/member/snap/db; chown etcd: ${DATA}/member/snap/db; systemctl start etcd; sleep 1`,
    first:
      /^etcd03: its data differs from that of its peers\ndata differs at one revision \(hashkv\): \d+ on etcd01 etcd02 etcd04 etcd05, \d+ on etcd03/,
    next: REPLACED,
  },
  {
    name: 'data that differs, and an alarm that says so',
    // By the leader's own check; the setting goes with the next run.
    provoke: async (lab) => {
      await runPlaybook(lab, ['-e', `{"etcd_settings":{"${CORRUPT_CHECK}":"2s"}}`]);
      await lab.ssh(
        'etcd03',
        `${CTL}; ctl put mark MARKER-BBBB >/dev/null; sleep 0.5; systemctl stop etcd; sed -i s/MARKER-BBBB/MARKER-BBBC/ ${DATA}/member/snap/db; chown etcd: ${DATA}/member/snap/db; systemctl start etcd
for i in 1 2 3 4 5 6 7 8 9; do ctl alarm list | grep -q CORRUPT && break; sleep 1; done`,
      );
    },
    first: /^etcd03: its data differs from that of its peers\n(.*\n)*alarm CORRUPT on etcd03/,
    next: REPLACED,
  },
  {
    name: 'a quota that is reached',
    provoke: `echo 'ETCD_QUOTA_BACKEND_BYTES="4194304"' >>${CONF}; systemctl restart etcd; ${CTL}
for i in $(seq 12); do head -c 500000 /dev/urandom | base64 -w0 | ctl put filler >/dev/null 2>&1; done; sleep 0.5`,
    first: /^etcd03: the database has reached its quota: it takes no more writes\n.*alarm NOSPACE/,
    // The run that gives it back its room restarts it under the alarm.
    next: /^next: node \S*playbooks\/site\.js[^\n]*\nthen: on .* alarm disarm\nthen: on .* compact \d+\nthen: on .* defrag/,
  },
  {
    name: 'a learner that is left over',
    provoke: `${CTL}; again ctl member add left --learner --peer-urls=https://10.0.52.99:2380`,
    first: /^a learner is left over\nleft is still a learner|^a learner is left over\n.* is still a learner/,
    next: /^next: node \S*playbooks\/members\.js -i \S+ --remove [0-9a-f]{12,16}$/,
  },
  {
    name: 'the data of another cluster',
    provoke: `${WIPED}
runuser -u etcd -- timeout 3 /opt/etcd/bin/etcd --name etcd03 --data-dir ${DATA} --initial-cluster etcd03=https://10.0.52.6:2380 --initial-advertise-peer-urls https://10.0.52.6:2380 --listen-peer-urls http://127.0.0.1:12380 --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 >/dev/null 2>&1
${start(3)}`,
    first: /^etcd03: a member carries the data of another cluster\n/,
    next: REPLACED,
  },
  {
    name: 'a member that was added, and never started',
    provoke: `${WIPED}; ${CTL}; again ctl member remove $(ctl member list | grep etcd03 | cut -d, -f1); again ctl member add etcd03 --peer-urls=https://10.0.52.6:2380`,
    first: /^etcd03: the member was added, and has never been started\n/,
    next: /^next: node \S*playbooks\/members\.js -i \S+/,
  },
  {
    name: 'a member that was removed',
    provoke: `${CTL}; again ctl member remove $(ctl member list | grep etcd03 | cut -d, -f1); sleep 3`,
    first: /^etcd03: the member was removed from the cluster, and its directory is a stale one\n/,
    next: REPLACED,
  },
];
