import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './support/describeLab.ts';
import { etcdctl, leaderOf } from './support/etcdctl.ts';
import { installBinaries } from './support/foreign.ts';
import { type Lab, startLab } from './support/lab.ts';
import { plantLeaf } from './support/leaf.ts';
import { runPlaybook } from './support/playbook.ts';

const DATA = '/var/lib/etcd/default.etcd';
const SSL = '/opt/etcd/ssl';
const CONF = '/opt/etcd/cfg/etcd.conf';
/** Against a member that nothing is done to. */
const CTL = etcdctl([{ address: '10.0.52.13' }]);

/** What is done to etcd03, what the doctor must say first, and how it is undone. */
interface Case {
  readonly name: string;
  readonly provoke: string | ((lab: Lab) => Promise<unknown>);
  readonly first: RegExp;
  readonly heal?: string;
  /** What the next command must name. */
  readonly next?: RegExp;
}

/** With a start that is bound to fail: what is wrong is in place by then. */
const start = (seconds: number) =>
  `systemctl reset-failed etcd; systemctl start --no-block etcd; sleep ${seconds}`;

/** An empty directory in place of the data, which is kept. */
const WIPED = `systemctl stop etcd; mv ${DATA} ${DATA}.own; install -d -m 700 -o etcd -g etcd ${DATA}`;

/** Data that may be damaged: the good one is kept. */
const COPIED = `systemctl stop etcd; cp -a ${DATA} ${DATA}.own`;

/** Binaries, configuration, certificates and data as they were. */
const RESTORED = `systemctl stop etcd; rm -rf /etc/systemd/system/etcd.service.d /run/quorate-etcd.env; systemctl daemon-reload
cp -a /run/opt.own/. /opt/etcd/; if [ -d ${DATA}.own ]; then rm -rf ${DATA}; mv ${DATA}.own ${DATA}; fi
systemctl reset-failed etcd; systemctl start etcd`;

const REPLACED =
  /^next: on etcd03: systemctl stop etcd; mv \/var\/lib\/etcd\/default\.etcd \S+\.kept; on another member: etcdctl member remove [0-9a-f]{12,16}; etcdctl member add etcd03 --peer-urls=https:\/\/10\.0\.52\.6:2380; then: npx tsx playbooks\/site\.ts -i \S+$/;

const CASES: readonly Case[] = [
  {
    name: 'a member that does not run',
    provoke: 'systemctl stop etcd',
    first: /^etcd03: etcd does not run\netcd03: etcd is inactive$/,
    heal: 'systemctl start etcd',
    next: /site\.ts -i \S+ starts it/,
  },
  {
    name: 'packets to the peer port that are dropped',
    provoke: `nft -f - <<'E'
table inet cut { chain input { type filter hook input priority -10; tcp dport 2380 drop; }; }
E`,
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0\d → etcd03:2380 filtered; etcd03 has the rule "tcp dport 2380 drop/s,
    heal: 'nft delete table inet cut',
    next: /site\.ts -i \S+ -r firewall/,
  },
  {
    name: 'a firewall that somebody started, without a rule for members',
    provoke: 'systemctl start firewalld',
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0\d → etcd03:23(79|80) filtered; firewalld on etcd03 has no rule for it/s,
    heal: 'systemctl stop firewalld',
  },
  {
    name: 'a data directory of another user',
    provoke: `systemctl stop etcd; chown root:root ${DATA}; ${start(2)}`,
    first:
      /^etcd03: etcd may not use its data directory\netcd03: \S+ belongs to root, mode 0700; etcd runs as etcd/,
    heal: `systemctl stop etcd; chown etcd:etcd ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
    next: /site\.ts -i \S+ -r config/,
  },
  {
    name: 'a port that another process has',
    provoke:
      'systemctl stop etcd; systemd-run -q --unit=squatter systemd-socket-activate --listen=0.0.0.0:2379 /bin/cat; sleep 0.5',
    first:
      /^etcd03: a port of the member is taken by another process\netcd03: port 2379 is taken by systemd-socket\S* \(pid \d+\) on 0\.0\.0\.0/,
    heal: 'systemctl stop squatter; systemctl start etcd',
  },
  {
    name: 'a clock that is ahead',
    provoke: `printf '#!/bin/sh\\nexec /bin/date -d "90 seconds" "$@"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date`,
    first: /^etcd03: clocks differ\netcd03: its clock is \d\d\.\d s ahead of this machine's$/,
    heal: 'rm /usr/local/bin/date',
  },
  {
    name: 'a full disk',
    provoke: `systemctl stop etcd; mv ${DATA} ${DATA}.own; mkdir ${DATA}; mount -t tmpfs -o size=180m,mode=700,uid=$(id -u etcd) none ${DATA}
cp -a ${DATA}.own/. ${DATA}/; systemctl start etcd; head -c 180M /dev/zero >${DATA}/ballast 2>/dev/null; :`,
    first:
      /^etcd03: the disk that holds the data is full\netcd03: \S+default\.etcd has 0 MiB left, a WAL segment takes 64/,
    heal: `systemctl stop etcd; rm ${DATA}/ballast; rm -rf ${DATA}.own; cp -a ${DATA} ${DATA}.own; umount ${DATA}; rmdir ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
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
    next: /site\.ts -i \S+ -r certs/,
  },
  {
    name: 'a peer’s certificate for another address',
    provoke: (lab) => plantLeaf(lab, 'etcd03', 'peer', { names: ['10.0.52.12'] }),
    first:
      /^etcd03: a certificate does not carry the address that others connect to\netcd03: \/opt\/etcd\/ssl\/peer\.pem is for 10\.0\.52\.12, it needs 10\.0\.52\.6/,
    next: /site\.ts -i \S+ -r certs/,
  },
  {
    name: 'a certificate that is no client’s',
    provoke: (lab) => plantLeaf(lab, 'etcd03', 'server', { usages: ['signing', 'server auth'] }),
    first:
      /^etcd03: a certificate may not be used for what it is used for: .*\netcd03: \/opt\/etcd\/ssl\/server\.pem is not for client auth/,
    next: /site\.ts -i \S+ -r certs/,
  },
  {
    name: 'http where https is wanted',
    provoke: `sed -i '/LISTEN_CLIENT_URLS/s/https/http/' ${CONF}; systemctl restart --no-block etcd; sleep 3`,
    first:
      /^etcd03: one side speaks http, the other https\netcd03: \/opt\/etcd\/cfg\/etcd\.conf has ETCD_LISTEN_CLIENT_URLS="http:\/\/10\.0\.52\.6:2379"/,
    next: /grep URLS \/opt\/etcd\/cfg\/etcd\.conf/,
  },
  {
    name: 'a member that lost its data',
    provoke: `${WIPED}; ${start(4)}`,
    first:
      /^etcd03: (a member came back without the log that it had promised to keep|a member without data tries)/,
    next: REPLACED,
  },
  {
    name: 'a member without data that would found a cluster',
    provoke: `token=$(journalctl -u etcd | grep -o 'initial-cluster-token":"[^"]*' | head -n 1 | cut -d'"' -f3); ${WIPED}
printf 'ETCD_INITIAL_CLUSTER_STATE="new"\\nETCD_INITIAL_CLUSTER_TOKEN="%s"\\n' "$token" >/run/quorate-etcd.env; ${start(2)}`,
    first:
      /^etcd03: a member without data tries to found a cluster that exists\n.*has already been bootstrapped/,
    next: REPLACED,
  },
  {
    name: 'a list of members that lacks one',
    provoke: `${WIPED}; sed -i '/INITIAL_CLUSTER=/s/,etcd05=[^"]*//' ${CONF}; ${start(2)}`,
    first: /^etcd03: the list of members that it starts with is not the cluster’s\n.*member count is unequal/,
    next: /etcdctl member list/,
  },
  {
    name: 'a peer URL that the cluster does not know',
    provoke: `${WIPED}; sed -i -e '/INITIAL_CLUSTER=/s/10\\.0\\.52\\.6:2380/10.0.52.6:2390/' -e '/ADVERTISE_PEER/s/2380/2390/' ${CONF}; ${start(2)}`,
    first:
      /^etcd03: its peer URL is not the one that the cluster knows\n.*PeerURLs: no match found for existing member/,
    next: /etcdctl member update [0-9a-f]{12,16} --peer-urls=https:\/\/10\.0\.52\.6:2380/,
  },
  {
    name: 'a peer URL that is not in the list of members',
    // etcd compares them only when it founds a cluster.
    provoke: `${WIPED}; sed -i '/ADVERTISE_PEER/s/2380/2390/' ${CONF}
printf 'ETCD_INITIAL_CLUSTER_STATE="new"\\n' >/run/quorate-etcd.env; ${start(2)}`,
    first:
      /^etcd03: its peer URL is not the one that the cluster knows\n.*missing from --initial-advertise-peer-urls/,
  },
  {
    name: 'a name that is not in the list of members',
    provoke: `${WIPED}; sed -i '/ETCD_NAME/s/etcd03/etcd99/' ${CONF}; ${start(2)}`,
    first: /^etcd03: its name and ETCD_INITIAL_CLUSTER disagree\n.*couldn't find local name/,
    next: /site\.ts -i \S+ -r config/,
  },
  {
    name: 'a setting in the environment and as a flag',
    provoke: `mkdir -p /etc/systemd/system/etcd.service.d; printf '[Service]\\nExecStart=\\nExecStart=/opt/etcd/bin/etcd --name=etcd03\\n' >/etc/systemd/system/etcd.service.d/flag.conf
systemctl daemon-reload; systemctl stop etcd; ${start(2)}`,
    first: /^etcd03: a setting is given twice.*shadowed by corresponding command-line flag/s,
    next: /site\.ts -i \S+ -r config -r systemd/,
  },
  {
    name: 'an older etcd on newer data',
    provoke: async (lab) => {
      await lab.ssh('etcd03', 'systemctl stop etcd');
      await installBinaries(lab, 'etcd03', '/opt/etcd/bin', '3.4.23');
      await lab.ssh('etcd03', start(3));
    },
    first: /^etcd03: an older etcd was started on newer data\n.*cannot be downgraded/,
    next: /site\.ts -i \S+ -r binaries/,
  },
  {
    name: 'a write-ahead log that is damaged',
    provoke: `${COPIED}; w=$(ls ${DATA}/member/wal/*.wal | tail -n 1); at=$(grep -abo big-value $w | head -n 1 | cut -d: -f1)
printf '\\377' | dd of=$w bs=1 seek=$((at + 100000)) conv=notrunc 2>/dev/null; ${start(2)}`,
    first: /^etcd03: the write-ahead log is damaged\n.*crc mismatch/,
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
    heal: `systemctl stop etcd; sed -i s/MARKER-AAAB/MARKER-AAAA/ ${DATA}/member/snap/db; chown etcd: ${DATA}/member/snap/db; rm -rf ${DATA}.own; systemctl start etcd`,
  },
  {
    name: 'memory that etcd may not have',
    provoke: `mkdir -p /etc/systemd/system/etcd.service.d; printf '[Service]\\nLimitAS=2G\\nRestart=no\\n' >/etc/systemd/system/etcd.service.d/t.conf
systemctl daemon-reload; systemctl stop etcd; ${start(2)}`,
    first: /^etcd03: the host has no memory left\n.*cannot allocate memory/,
    next: /on etcd03: ps aux --sort=-rss/,
  },
  {
    name: 'a quota that is reached',
    provoke: `echo 'ETCD_QUOTA_BACKEND_BYTES="4194304"' >>${CONF}; systemctl restart etcd; ${CTL}
for i in $(seq 12); do head -c 500000 /dev/urandom | base64 -w0 | ctl put filler >/dev/null 2>&1; done; sleep 0.5`,
    first: /^etcd03: the database has reached its quota: it takes no more writes\n.*alarm NOSPACE/,
    heal: `${RESTORED}; ${CTL}; again ctl alarm disarm`,
    next: /etcdctl compact \d+; etcdctl defrag; etcdctl alarm disarm/,
  },
  {
    name: 'a learner that is left over',
    provoke: `${CTL}; again ctl member add left --learner --peer-urls=https://10.0.52.99:2380`,
    first: /^a learner is left over\nleft is still a learner|^a learner is left over\n.* is still a learner/,
    heal: `${CTL}; again ctl member remove $(ctl member list | grep 10.0.52.99 | cut -d, -f1)`,
    next: /etcdctl member promote/,
  },
  {
    name: 'the data of another cluster',
    provoke: `${WIPED}
runuser -u etcd -- timeout 3 /opt/etcd/bin/etcd --name etcd03 --data-dir ${DATA} --initial-cluster etcd03=https://10.0.52.6:2380 --initial-advertise-peer-urls https://10.0.52.6:2380 --listen-peer-urls http://127.0.0.1:12380 --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 >/dev/null 2>&1
${start(3)}`,
    first: /^etcd03: a member carries the data of another cluster\n/,
    next: /--set-aside-data etcd03/,
  },
];

describeLab('the doctor names causes', () => {
  let lab: Lab;
  const doctor = async (...args: string[]) => {
    const started = performance.now();
    const run = await runPlaybook(lab, args, { playbook: 'doctor' });
    return {
      ...run,
      seconds: (performance.now() - started) / 1000,
      said: run.errors.map(({ message }) => message),
    };
  };
  const healthy = async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      if ((await runPlaybook(lab, [], { playbook: 'status' })).code === 0) return;
    }
    throw new Error('the cluster did not come back');
  };

  beforeAll(async () => {
    // What 3.6 and 3.7 write into their journals differs, and is another matter.
    lab = await startLab({ name: 'doctor', hosts: 5, etcdVersion: '3.5.16' });
    expect((await runPlaybook(lab)).code).toBe(0);
    await lab.ssh('etcd03', 'cp -a /opt/etcd /run/opt.own');
    await lab.ssh('etcd01', `${CTL}; head -c 200000 /dev/urandom | base64 -w0 | ctl put big-value`);
  });
  afterAll(async () => {
    await rm(join(lab.stateDir, '.quorate'), { recursive: true, force: true });
    await lab.stop();
  });

  it('nothing on a healthy cluster', async () => {
    const run = await doctor();
    expect([run.code, run.said]).toEqual([0, []]);
  });

  it('a majority that is down: who, and what follows from it', async () => {
    await healthy();
    const down = ['etcd01', 'etcd02', 'etcd04'];
    await Promise.all(down.map((host) => lab.ssh(host, 'systemctl stop etcd')));
    await lab.ssh(
      'etcd03',
      `mkdir -p /etc/systemd/system/etcd.service.d; printf '[Service]\\nTimeoutStartSec=2\\nRestart=no\\n' >/etc/systemd/system/etcd.service.d/t.conf; systemctl daemon-reload; systemctl restart etcd`,
    );
    const run = await doctor();
    await Promise.all(down.map((host) => lab.ssh(host, 'systemctl start --no-block etcd')));
    await lab.ssh('etcd03', RESTORED);
    expect(run.said[0]).toMatch(/^etcd01, etcd02, etcd03, etcd04: etcd does not run\n/);
    const follows = run.said.filter((message) => message.includes('(follows from the above)'));
    expect(follows.join('\n')).toMatch(/systemd gave up waiting/);
    expect(follows.join('\n')).toMatch(/there is no quorum/);
    expect(run.said.slice(-follows.length)).toEqual(follows);
    expect(run.seconds).toBeLessThan(15);
    await healthy();
  });

  it.each(CASES)('$name', async ({ provoke, first, heal = RESTORED, next }) => {
    if (typeof provoke === 'string') await lab.ssh('etcd03', provoke);
    else await provoke(lab);
    const run = await doctor();
    await lab.ssh('etcd03', heal);
    expect(run.said[0]).toMatch(first);
    if (next) expect(run.errors[0]?.hint).toMatch(next);
    expect(run.code).toBe(7);
    expect(run.seconds).toBeLessThan(15);
  });

  it('one of five hosts silent, another behind a firewall: both by name, within 15 s', async () => {
    await lab.unplug('etcd05');
    await lab.ssh(
      'etcd03',
      `nft 'add table inet cut; add chain inet cut input { type filter hook input priority -10; }; add rule inet cut input tcp dport 2380 drop'`,
    );
    const run = await doctor();
    await lab.ssh('etcd03', 'nft delete table inet cut');
    await lab.plug('etcd05');
    expect(run.said.join('\n')).toMatch(/etcd05/);
    expect(run.said.join('\n')).toMatch(/etcd03: packets are dropped on the way/);
    expect(run.seconds).toBeLessThan(15);
    await healthy();
  });

  it('what healthy members write, and etcdctl: read from a file', async () => {
    const leader = (await leaderOf(lab)) ?? '';
    const address = lab.hosts.find(({ name }) => name === leader)?.address;
    const other = leader === 'etcd05' ? 'etcd04' : 'etcd05';
    await lab.ssh(other, 'systemctl stop etcd');
    const { stdout: refused } = await lab.ssh(
      leader,
      `${CTL}; ctl member add six --peer-urls=https://10.0.52.97:2380 2>&1`,
    );
    await lab.ssh(other, 'systemctl start etcd');
    await healthy();
    const { stdout } = await lab.ssh(
      leader,
      `${CTL}
curl -sk https://${address}:2379/health >/dev/null; curl -s http://${address}:2379/health >/dev/null
again ctl member add one --learner --peer-urls=https://10.0.52.98:2380 >/dev/null; sleep 1
ctl member add two --learner --peer-urls=https://10.0.52.99:2380 2>&1; ctl member add again --peer-urls=https://10.0.52.6:2380 2>&1
again ctl member remove $(ctl member list | grep 10.0.52.98 | cut -d, -f1) >/dev/null
for i in 1 2 3; do systemctl kill -s STOP etcd; sleep 0.4; systemctl kill -s CONT etcd; sleep 0.3; done
journalctl -u etcd -o short --since=-1min`,
    );
    const file = join(lab.stateDir, 'journal');
    writeFileSync(file, `${refused}${stdout}`);
    const run = await doctor('--log', file);
    expect(run.code).toBe(7);
    const told = run.said.map((message) => message.split('\n')[0]?.replace(' (follows from the above)', ''));
    for (const cause of [
      'a client comes without a certificate',
      'one side speaks http, the other https',
      'the member was added before',
      'a learner is left over',
      'the cluster refuses changes of its members while one is unhealthy',
      'disk or CPU is too slow for etcd',
    ]) {
      expect(told).toContain(cause);
    }
    expect(run.seconds).toBeLessThan(5);
  });

  it('a member that was removed', async () => {
    await healthy();
    await lab.ssh(
      'etcd01',
      `${CTL}; again ctl member remove $(ctl member list | grep etcd03 | cut -d, -f1); sleep 3`,
    );
    const run = await doctor();
    expect(run.said[0]).toMatch(
      /^etcd03: the member was removed from the cluster, and its directory is a stale one\n/,
    );
    expect(run.errors[0]?.hint).toContain('etcdctl member add etcd03 --peer-urls=https://10.0.52.6:2380');
    expect(run.code).toBe(7);
  });
});
