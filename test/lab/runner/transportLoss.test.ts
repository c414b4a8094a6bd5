import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { waitFor } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { Operator } from '../support/transport.ts';

/** Leaves its process id, and a child that does not listen to TERM. */
const SCRIPT = [
  'mkdir -p /run/canary; chmod 777 /run/canary;',
  `sh -c 'trap "" TERM; echo $$ >/run/canary/deaf; sleep 301; sleep 302' &`,
  `setsid sh -c 'echo $$ >/run/canary/daemon; exec sleep 303' >/dev/null 2>&1 </dev/null &`,
  `sh -c 'echo $$ >/run/canary/pid; sleep 304; touch /run/canary/went-on'`,
].join(' ');

/** Ends the sshd process that a script's connection hangs on. */
const CUT_OFF = `p=$(cat /run/canary/pid)
until [ "$(cat /proc/$p/comm)" = sshd ]; do p=$(awk '{ print $4 }' /proc/$p/stat); done
kill -9 $p`;

/** The sessions too: one whose connection was cut off still holds the run lock. */
const END_ALL = 'kill -9 $(pgrep -f "^sleep 30[0-9]|^sshd: (root|ops)"); rm -rf /run/canary';

/** `npm run test:faults`: each takes as long as silence is waited for. */
const all = isWhole('FAULTS');

describeLab('a connection that fails', () => {
  let lab: Lab;
  let operator: Operator;
  beforeAll(async () => {
    lab = await startLab({ name: 'loss' });
    operator = new Operator(lab);
  });
  afterEach(async () => {
    await lab.cut();
    for (const { name } of lab.hosts) {
      await lab.enter(name, END_ALL);
    }
  });
  afterAll(async () => {
    operator?.remove();
    await lab?.stop();
  });

  const onHost = async (script: string) => (await lab.enter('etcd01', script)).stdout.trim();
  /** Sleeps of the script that are still there. */
  const alive = () => onHost('pgrep -af "^sleep 30[0-9]" | sed "s/^.*sleep //" | sort');
  const onlyDaemon = (ms: number) =>
    waitFor('the end of the script', ms, async () => ((await alive()) === '303' ? true : undefined));
  /** A run whose script is under way on etcd01. */
  const underWay = async (vars: object = {}) => {
    const child = operator.start({ hosts: { etcd01: { ...operator.login, ...vars, lab_script: SCRIPT } } });
    const said = operator.said(child);
    await waitFor('the script', 10_000, async () =>
      (await onHost('ls /run/canary 2>/dev/null | wc -l')) === '3' ? true : undefined,
    );
    return { child, said };
  };
  const SUDO = { ansible_user: 'ops', ansible_become: true, ansible_become_password: 'lab-sudo-pass' };
  const LOGINS: readonly (readonly [how: string, vars: object])[] = [
    ['as root', {}],
    ['through sudo', SUDO],
  ];

  it('lost in the middle of a script: 4, outcome unknown, and the script is ended', async () => {
    const { said } = await underWay();
    await onHost(CUT_OFF);
    const { code, errors } = await said;
    expect(code).toBe(4);
    expect(errors[0]).toMatchObject({ host: 'etcd01', message: expect.stringContaining('unknown') });
    await onlyDaemon(4000);
  });

  const CUTS: readonly (readonly [what: string, cut: () => Promise<void>])[] = [
    [
      'both directions are dropped',
      () => lab.cut({ from: 'etcd01', to: 'control' }, { from: 'control', to: 'etcd01' }),
    ],
    ['answers are dropped', () => lab.cut({ from: 'etcd01', to: 'control' })],
  ];
  it.each(all ? CUTS : CUTS.slice(1))('half-open, %s: noticed within 20 s', async (_, cut) => {
    const { said } = await underWay();
    await cut();
    const began = performance.now();
    const { code, errors } = await said;
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(code).toBe(4);
    expect(errors[0]).toMatchObject({ host: 'etcd01', message: expect.stringContaining('unknown') });
  });

  it.each(all ? LOGINS : LOGINS.slice(1))(
    'SIGKILL of the run %s leaves no script after 3 s, and a daemon of its own session alone',
    async (_, vars) => {
      const { child, said } = await underWay(vars);
      child.kill('SIGKILL');
      await said;
      // 3 s on a host that is idle; far less than the minute after which silence alone would end it.
      await onlyDaemon(10_000);
      expect(await onHost('ls /run/canary')).not.toContain('went-on');
      expect(await onHost('pgrep -af "^(/bin/)?sh.*qm" | grep -v pgrep')).toBe('');
    },
  );

  it.each(all ? LOGINS : LOGINS.slice(1))('a second Ctrl-C ends the script at once, %s', async (_, vars) => {
    const { child, said } = await underWay(vars);
    child.kill('SIGINT');
    // Within half a second of the first it would be the same one.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await alive()).toContain('304');
    const began = performance.now();
    child.kill('SIGINT');
    expect((await said).code).toBe(130);
    expect(performance.now() - began).toBeLessThan(1500);
    await onlyDaemon(2500);
  });

  it('refused and silent hosts: 4, each by name, the others go on', async () => {
    await lab.enter('etcd02', 'systemctl stop ssh.socket ssh');
    await lab.unplug('etcd03');
    try {
      const { login } = operator;
      const said = await operator.play({ hosts: { etcd01: login, etcd02: login, etcd03: login } });
      expect(said.code).toBe(4);
      expect(said.users).toEqual(['etcd01: root']);
      expect(said.errors.map(({ host }) => host).sort()).toEqual(['etcd02', 'etcd03']);
      expect(said.seconds).toBeLessThan(15);
    } finally {
      await lab.plug('etcd03');
      await lab.enter('etcd02', 'systemctl start ssh');
    }
  });

  describeLab('through jump hosts', () => {
    const via = (...hops: string[]) => ({
      ...operator.login,
      ansible_password: 'not-for-the-jump-host',
      ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsFile} -o ProxyJump=${hops.join(',')}`,
    });

    it.each([
      ['one', ['root@10.0.52.13']],
      ['two', ['root@10.0.52.6:22', 'root@[fd00:52::13]']],
    ])('%s, and the run ends by itself', async (_, hops) => {
      await lab.cut({ from: 'control', to: 'etcd02' });
      const said = await operator.play({ hosts: { etcd02: via(...hops) } });
      expect(said.errors).toEqual([]);
      expect(said.users).toEqual(['etcd02: root']);
      expect(said.seconds).toBeLessThan(5);
    });

    it('names a jump host that is down, and each host behind it', async () => {
      await lab.cut({ from: 'control', to: 'etcd03' });
      const hosts = { etcd01: via('root@10.0.52.6'), etcd02: via('root@10.0.52.6') };
      const said = await operator.play({ hosts });
      expect(said.code).toBe(4);
      expect(said.errors.map(({ host }) => host).sort()).toEqual(['etcd01', 'etcd02']);
      for (const { host, message } of said.errors) {
        expect(message).toContain(host);
        expect(message).toContain('10.0.52.6');
      }
      expect(said.seconds).toBeLessThan(15);
    });

    itLong('FAULTS')('names a host that is down behind a jump host', async () => {
      await lab.cut({ from: 'etcd01', to: 'etcd02' });
      const said = await operator.play({ hosts: { etcd02: via('root@10.0.52.13') } });
      expect(said.code).toBe(4);
      expect(said.errors[0]?.message).toMatch(/etcd02.*10\.0\.52\.1[34]/);
      expect(said.seconds).toBeLessThan(15);
    });
  });

  it.skipIf(!existsSync('/usr/bin/sudo'))('on this machine, as another user through sudo', async () => {
    const local = { ansible_connection: 'local', ansible_become: true, ansible_become_user: 'nobody' };
    const said = await operator.play({ hosts: { here: local }, args: ['--check'] });
    expect(said.errors).toEqual([]);
    expect(said.users).toEqual(['here: nobody']);
  });
});
