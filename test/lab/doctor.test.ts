import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './describeLab.ts';
import { type Lab, startLab } from './lab.ts';
import { runPlaybook } from './playbook.ts';

const DATA = '/var/lib/etcd/default.etcd';
const SSL = '/opt/etcd/ssl';

/** What is done to etcd03, what the doctor must say first, and how it is undone. */
interface Case {
  readonly name: string;
  readonly provoke: string;
  readonly first: RegExp;
  readonly heal: string;
  /** The other causes that may be told, too. */
  readonly evidence?: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'a member that does not run',
    provoke: 'systemctl stop etcd',
    first: /^etcd03: etcd does not run\netcd03: etcd is inactive$/,
    heal: 'systemctl start etcd',
  },
  {
    name: 'packets to the peer port that are dropped',
    provoke: `nft -f - <<'E'
table inet cut { chain input { type filter hook input priority -10; tcp dport 2380 drop; }; }
E`,
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0[12] → etcd03:2380 filtered; etcd03 has the rule "tcp dport 2380 drop/s,
    heal: 'nft delete table inet cut',
  },
  {
    name: 'a firewall that somebody started, without a rule for members',
    provoke: 'systemctl start firewalld',
    first:
      /^etcd03: packets are dropped on the way: a firewall\n.*etcd0[12] → etcd03:23(79|80) filtered; firewalld on etcd03 has no rule for it/s,
    heal: 'systemctl stop firewalld',
  },
  {
    name: 'a data directory of another user',
    provoke: `systemctl stop etcd; chown root:root ${DATA}; systemctl start --no-block etcd; sleep 2`,
    first:
      /^etcd03: etcd may not use its data directory\netcd03: \S+ belongs to root, mode 0700; etcd runs as etcd/,
    heal: `systemctl stop etcd; chown etcd:etcd ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
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
    provoke: `cp -a ${SSL} /tmp/ssl.own; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out ${SSL}/ca.pem -days 9 -subj /CN=other 2>/dev/null
systemctl restart --no-block etcd; sleep 3`,
    first: /^etcd03: a certificate comes from another CA\netcd03: ca\.pem has SHA-256 \S+, most have \S+/,
    heal: `rm -rf ${SSL}; cp -a /tmp/ssl.own ${SSL}; systemctl restart etcd`,
  },
  {
    name: 'a member that lost its data',
    provoke: `systemctl stop etcd; mv ${DATA} ${DATA}.own; install -d -m 700 -o etcd -g etcd ${DATA}; systemctl start --no-block etcd; sleep 4`,
    first:
      /^etcd03: (a member came back without the log that it had promised to keep|a member without data tries)/,
    heal: `systemctl stop etcd; rm -rf ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
  },
];

describeLab('the doctor names causes', () => {
  let lab: Lab;
  const doctor = async () => {
    const started = performance.now();
    const run = await runPlaybook(lab, [], { playbook: 'doctor' });
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
    lab = await startLab({ name: 'doctor' });
    expect((await runPlaybook(lab)).code).toBe(0);
  });
  afterAll(async () => {
    await rm(join(lab.stateDir, '.quorate'), { recursive: true, force: true });
    await lab.stop();
  });

  it('nothing on a healthy cluster', async () => {
    const run = await doctor();
    expect([run.code, run.said]).toEqual([0, []]);
  });

  it.each(CASES)('$name', async ({ provoke, first, heal }) => {
    await lab.ssh('etcd03', provoke);
    const run = await doctor();
    await lab.ssh('etcd03', heal);
    expect(run.said[0]).toMatch(first);
    expect(run.code).toBe(7);
    expect(run.seconds).toBeLessThan(15);
    await healthy();
  });
});
