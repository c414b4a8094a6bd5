import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { carryOut } from '../support/carryOut.ts';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl, leaderOf } from '../support/etcdctl.ts';
import { follow, type StepEvent } from '../support/follow.ts';
import { sleep } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { onHosts } from '../support/onHosts.ts';
import { type Outcome, runPlaybook, stepsOf } from '../support/playbook.ts';

const DATA = '/var/lib/etcd/default.etcd';
const THREE = ['etcd01', 'etcd02', 'etcd03'];
const all = itLong('FAULTS');

/** What an operator finds who comes to a cluster that somebody has left half-way, or has confused: words, and a way out. */
describeLab('a cluster that was left half-way', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'halfway' });
    const { etcd } = parse(readFileSync(lab.inventoryFile, 'utf8'));
    etcd.vars.etcd_backup_schedule = 'monthly';
    writeFileSync(lab.inventoryFile, stringify({ etcd }));
    expect(said(await runPlaybook(lab))).toBe('');
  });
  afterAll(async () => lab?.stop());

  const { on, onAll, look } = onHosts(() => lab, { by: 'enter' });
  const verb = (playbook: string, ...args: string[]) => runPlaybook(lab, args, { playbook });
  const ctl = (script: string, hosts = lab.hosts) => on('etcd01', `${etcdctl(hosts)}; ${script}`);
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const healthy = async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const run = await verb('status');
      if (run.code === 0) return;
      if (attempt === 9) throw new Error(said(run));
    }
  };
  /** What the member of a host has by itself. */
  const contents = (host: string) => {
    const address = lab.hosts.find(({ name }) => name === host)?.address ?? '';
    return on(host, `${etcdctl([{ address }])}; ctl get --prefix key --consistency=s`);
  };

  /** Runs a verb, and kills the run behind the step that is `nth` of those with this title; gives whether it got there. */
  async function killedBehind(nth: number, title: string, playbook: string, ...args: string[]) {
    let child: ChildProcess | undefined;
    let count = 0;
    const step = (event: StepEvent) => {
      if (event.status === 'done' && event.title.startsWith(title) && ++count === nth) child?.kill('SIGKILL');
    };
    const started = (process: ChildProcess) => {
      child = process;
    };
    const { code, errors } = await follow(lab, args, { playbook, started, step });
    expect([code, count, said({ errors })]).toEqual([null, nth, '']);
    // What it has begun on a host ends by itself, and holds the lock until then.
    await sleep(3000);
  }

  /** status and doctor, and what else looks at it, say so with 7; the line of the doctor is carried out. */
  async function isToldAndFinished(words: RegExp, ...others: string[]) {
    for (const playbook of ['status', 'doctor', ...others]) {
      const run = await verb(playbook);
      expect([playbook, run.code, said(run)]).toEqual([playbook, 7, expect.stringMatching(words)]);
    }
    const { errors } = await verb('doctor');
    const done = await carryOut(lab, errors[0]?.hint);
    expect(done.filter((line) => !/ → 0 /.test(line))).toEqual([]);
  }

  all('by a restore: who lets no client in is named, and one line finishes it', async () => {
    await ctl('for n in 1 2 3; do ctl put key$n value$n; done');
    const to = join(lab.stateDir, 'copies');
    expect(said(await verb('backup', '--to', to))).toBe('');
    const { stdout } = await lab.run('sh', ['-c', `ls ${to}/*.db`]);
    await ctl('ctl put key4 late');
    await killedBehind(2, 'open it to clients', 'restore', '--from', stdout.trim(), '-y');
    await isToldAndFinished(
      /has begun something that is not finished: restore[\s\S]*lets no client in: it listens on 127/,
    );
    await healthy();
    expect(await ctl('ctl get --prefix key')).toBe('key1\nvalue1\nkey2\nvalue2\nkey3\nvalue3');
    expect((await verb('site', '--check')).changed).toEqual([]);
  });

  all('by a rotation of its CA, behind the first member that trusts both', async () => {
    await killedBehind(1, 'trust the new CA beside the old one', 'certs', '--rotate-ca', '-y');
    await isToldAndFinished(/has begun something that is not finished: certs, to CA/, 'certs');
    // From here on it rests until clients are ready.
    await healthy();
    const done = await verb('certs', '--rotate-ca', '--clients-ready', '-y');
    expect([said(done), done.code]).toEqual(['', 0]);
    await healthy();
  });

  all('by a revocation, behind the first member that looks at the list', async () => {
    expect(said(await verb('certs', '--client', 'gone'))).toBe('');
    const bundle = join(lab.stateDir, 'gone');
    cpSync(join(lab.stateDir, '.quorate/inventory/pki/clients/gone'), bundle, { recursive: true });
    for (const name of ['ca', 'gone', 'gone-key'])
      await on('etcd01', `umask 077; cat >/root/${name}.pem`, readFileSync(join(bundle, `${name}.pem`)));
    const letIn = async () => {
      const each = lab.hosts.map(({ address }) =>
        look(
          'etcd01',
          `ETCDCTL_API=3 /opt/etcd/bin/etcdctl --command-timeout=3s --endpoints=https://${address}:2379 --cacert=/root/ca.pem --cert=/root/gone.pem --key=/root/gone-key.pem get none >/dev/null 2>&1 && echo in || echo out`,
        ),
      );
      return Promise.all(each);
    };
    expect(await letIn()).toEqual(['in', 'in', 'in']);
    const title = 'look at the list of revoked certificates';
    await killedBehind(1, title, 'certs', '--revoke', 'gone', '-y');
    expect((await letIn()).sort()).toEqual(['in', 'in', 'out']);
    for (const playbook of ['certs', 'doctor']) {
      const run = await verb(playbook);
      expect([playbook, run.code, said(run)]).toEqual([playbook, 7, expect.stringContaining('still let in')]);
    }
    const { errors } = await verb('doctor');
    const done = await carryOut(lab, errors[0]?.hint);
    expect(done.filter((line) => !/ → 0 /.test(line))).toEqual([]);
    expect(await letIn()).toEqual(['out', 'out', 'out']);
    expect([(await verb('certs')).code, (await verb('doctor')).code]).toEqual([0, 0]);
  });

  all('by a snapshot of its timer that had no room', async () => {
    const leader = (await leaderOf(lab)) ?? '';
    await on(leader, 'mkdir -p /var/backups/etcd; mount -t tmpfs -o size=1m none /var/backups/etcd');
    await look(leader, 'systemctl start etcd-backup');
    for (const playbook of ['status', 'doctor'])
      expect((await verb(playbook)).text).toContain(`${leader}: the last snapshot of its timer failed`);
    await on(leader, 'umount /var/backups/etcd; systemctl start etcd-backup');
    const { code, text } = await verb('doctor');
    expect([code, text]).toEqual([0, expect.not.stringContaining('snapshot of its timer')]);
  });

  all('by hosts that the inventory has the wrong way round: nothing makes way', async () => {
    const kept = readFileSync(lab.inventoryFile, 'utf8');
    const { etcd } = parse(kept);
    for (const host of Object.values<Record<string, string>>(etcd.hosts))
      Object.assign(host, { etcd_address: host.ansible_host });
    const [one, two] = [etcd.hosts.etcd01, etcd.hosts.etcd02];
    [one.ansible_host, two.ansible_host] = [two.ansible_host, one.ansible_host];
    writeFileSync(lab.inventoryFile, stringify({ etcd }));
    try {
      for (const words of [['etcd01'], ['etcd02'], ['etcd01,etcd02']]) {
        const run = await verb('members', '-y', '--replace', ...words);
        expect([run.code, stepsOf(run, 'begun'), said(run)]).toEqual([3, [], expect.stringMatching(/etcd0/)]);
      }
      const site = await verb('site');
      expect([site.code, site.changed]).toEqual([3, []]);
      const doctor = await verb('doctor');
      expect([doctor.code, said(doctor)]).toEqual([7, expect.stringContaining('the wrong way round')]);
      expect(said(doctor)).not.toContain('--replace');
    } finally {
      writeFileSync(lab.inventoryFile, kept);
    }
    await healthy();
    expect((await verb('site', '--check')).changed).toEqual([]);
  });

  all('by data that was copied from one host to another', { timeout: 400_000 }, async () => {
    await ctl('ctl put key5 value5');
    const before = await contents('etcd01');
    await Promise.all(['etcd02', 'etcd03'].map((host) => on(host, 'systemctl stop etcd')));
    const copy = await on('etcd02', `tar -C ${DATA} -c member | base64 -w 0`);
    await on('etcd03', `rm -r ${DATA}/member; base64 -d | tar -C ${DATA} -x`, copy);
    // Whoever of the two comes first is the member: the other one does not stay up.
    await on('etcd03', 'systemctl start etcd');
    await onAll('systemctl start --no-block etcd');
    const reached = async () => {
      for (let attempt = 0; attempt < 15; attempt++) {
        const run = await verb('status');
        if (/runs as member [0-9a-f]+, which is etcd02's/.test(said(run))) return run;
        await sleep(1000);
      }
      return verb('status');
    };
    const status = await reached();
    expect([status.code, said(status)]).toEqual([
      7,
      expect.stringMatching(
        /etcd03:? runs as member [0-9a-f]+, which is etcd02's .*the data of another member/,
      ),
    ]);
    const alone = await verb('members', '-y', '--replace', 'etcd03');
    expect([alone.code, stepsOf(alone, 'begun'), said(alone)]).toEqual([
      3,
      [],
      expect.stringMatching(/stopping it leaves 1\n.*--replace etcd02,etcd03/),
    ]);
    const doctor = await verb('doctor');
    expect([doctor.code, said(doctor)]).toEqual([
      7,
      expect.stringMatching(
        /a member runs with the data of another one[\s\S]*next: .* --replace etcd02,etcd03\n/,
      ),
    ]);
    const done = await carryOut(lab, doctor.errors[0]?.hint);
    expect(done.filter((line) => !/ → 0 /.test(line))).toEqual([]);
    await healthy();
    expect(await Promise.all(THREE.map(contents))).toEqual([before, before, before]);
    expect((await verb('site', '--check')).changed).toEqual([]);
  });

  all(
    'by a recovery that another machine made, and hosts with the old data are back',
    { timeout: 600_000 },
    async () => {
      await ctl('ctl put key6 shared');
      await Promise.all(['etcd02', 'etcd03'].map((host) => on(host, 'systemctl stop etcd')));
      await lab.kill('etcd02', 'etcd03');
      const run = await verb('recover', '--from', 'etcd01', '-y');
      expect(said(run)).toBe('');
      await ctl('ctl put key7 after', lab.hosts.slice(0, 1));
      const after = await contents('etcd01');
      await lab.boot('etcd02', 'etcd03');
      await on('etcd02', 'for n in 1 2 3 4 5 6 7 8 9; do systemctl is-active etcd && break; sleep 1; done');
      // Another machine has the certificates, and no note of it.
      const other = join(lab.stateDir, 'other');
      mkdirSync(other, { mode: 0o700 });
      cpSync(join(lab.stateDir, '.quorate'), join(other, '.quorate'), { recursive: true });
      rmSync(join(other, '.quorate/inventory/recovered'));
      const inventory = join(other, 'inventory.yaml');
      cpSync(lab.inventoryFile, inventory);
      const there = (playbook: string, ...args: string[]) => runPlaybook(lab, args, { playbook, inventory });
      for (const playbook of ['site', 'members', 'upgrade']) {
        const refused = await there(playbook, ...(playbook === 'site' ? [] : ['-y']));
        expect([playbook, refused.code, stepsOf(refused, 'begun'), refused.changed, said(refused)]).toEqual([
          playbook,
          3,
          [],
          [],
          expect.stringMatching(/^etcd01: .* it alone says that run \S+ recovered or restored the cluster/),
        ]);
      }
      // The host that was recovered has what the others lack: nobody is sent to replace it.
      const doctor = await there('doctor');
      expect([doctor.code, said(doctor)]).toEqual([
        7,
        expect.stringMatching(
          /it alone says that run \S+ recovered .*\nnext: if somebody knows of that run, stop/,
        ),
      ]);
      const knowing = await verb('doctor');
      expect([knowing.code, said(knowing)]).toEqual([
        7,
        expect.stringMatching(/^etcd02, etcd03: .*another cluster[\s\S]*? --replace etcd02,etcd03/),
      ]);
      // Somebody knows of it, and does what the refusal says.
      await Promise.all(['etcd02', 'etcd03'].map((host) => on(host, 'systemctl stop etcd')));
      const back = await there('members', '--replace', 'etcd02,etcd03', '-y');
      expect(said(back)).toBe('');
      expect(await Promise.all(THREE.map(contents))).toEqual([after, after, after]);
      expect((await there('site', '--check')).changed).toEqual([]);
    },
  );
});
