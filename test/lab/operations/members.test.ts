import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { clientProblems, describeClient, gapLimit, startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { killedAt } from '../support/killedAt.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { type Outcome, runPlaybook, stepsOf, stepTimes } from '../support/playbook.ts';
import { type Strike, strikeEach } from '../support/strikeEach.ts';

const DATA = '/var/lib/etcd/default.etcd';
const THREE = ['etcd01', 'etcd02', 'etcd03'];
/** Who comes and goes: one in a build, two, one after the other, with the whole. */
const MORE = isWhole('MEMBERS') ? ['etcd04', 'etcd05'] : ['etcd04'];

/** What takes longer than a build should: `npm run test:members`. */
const all = itLong('MEMBERS');
/** Members of 3.3 vote from the start, and its gateway has another path: it goes without the client. */
const plain = process.env.QUORATE_LAB_ETCD?.startsWith('3.3.') === true;

describeLab('members come and go', () => {
  let lab: Lab;
  let whole: ReturnType<typeof parse>;
  beforeAll(async () => {
    const version = process.env.QUORATE_LAB_ETCD ?? '';
    lab = await startLab({
      name: `members${version.replaceAll('.', '')}`,
      hosts: THREE.length + MORE.length,
    });
    whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    whole.etcd.vars.etcd_backup_schedule = 'monthly';
    inventoryHas(THREE);
    expect(said(await site())).toBe('');
  });
  afterAll(async () => lab?.stop());

  /** Writes an inventory with these hosts only; some of them with other variables. */
  function inventoryHas(names: readonly string[], vars: Readonly<Record<string, object>> = {}) {
    const hosts = Object.fromEntries(
      names.map((name) => [name, { ...whole.etcd.hosts[name], ...vars[name] }]),
    );
    writeFileSync(lab.inventoryFile, stringify({ ...whole, etcd: { ...whole.etcd, hosts } }));
  }

  const members = (...args: string[]) => runPlaybook(lab, args, { playbook: 'members' });
  const yes = (...args: string[]) => members('-y', ...args);
  const site = (...args: string[]) => runPlaybook(lab, args);
  const said = ({ errors }: Outcome) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const steps = (run: Outcome, status: 'planned' | 'done' = 'done') =>
    stepsOf(run, status).map((step) => step.replace(/ \([0-9a-f]+\)/, ''));
  const listed = async () => {
    const { stdout } = await lab.ssh('etcd01', `${etcdctl(lab.hosts.slice(0, 1))}; ctl member list`);
    const lines = stdout.trim().split('\n');
    return lines
      .map((line) => [line.split(', ')[2], ...(line.endsWith(', true') ? ['learner'] : [])].join(' '))
      .sort();
  };

  /** Runs it while a client writes and reads; nothing that was acknowledged may be lost. */
  async function underClient<T>(
    what: string,
    work: () => Promise<T>,
    gapMs = gapLimit('MEMBERS'),
  ): Promise<T> {
    if (plain) return work();
    const client = startClient(lab);
    await client.working;
    const done = await work();
    const report = await client.stop();
    console.log(`${what}: ${describeClient(report)}`);
    expect(clientProblems(report)).toEqual([]);
    expect(report.writeGapMs).toBeLessThanOrEqual(gapMs);
    return done;
  }

  /** A host has it beside its own, also when it boots again. */
  async function addAddress(host: string, address: string) {
    const unit = 'second-address.service';
    const { code, stderr } = await lab.ssh(
      host,
      `cat >/etc/systemd/system/${unit} <<'END' && systemctl daemon-reload && systemctl enable ${unit} && systemctl restart ${unit}
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/sbin/ip addr replace ${address}/24 dev eth0
[Install]
WantedBy=sysinit.target
END`,
    );
    if (code !== 0) throw new Error(stderr);
  }

  /** One run brings it there, and the next one changes nothing. */
  async function finishes(names: readonly string[], ...args: string[]) {
    const run = await yes(...args);
    console.log(stepTimes(run));
    expect([said(run), run.code]).toEqual(['', 0]);
    expect(await listed()).toEqual([...names].sort());
    const again = await yes(...args);
    expect([steps(again, 'planned'), again.code]).toEqual([[], 0]);
    return run;
  }

  it('grow, one at a time; what was checked is what is done', async () => {
    const all = [...THREE, ...MORE];
    inventoryHas(all);
    const check = await members('--check');
    const grown = await underClient('grown', () => finishes(all));
    expect(steps(grown)).toEqual(steps(check, 'planned'));
    expect((await site('--check')).changed).toEqual([]);
  });

  it('shrink to three, by name; their data is set aside, and nobody lets them in any more', async () => {
    await underClient('shrunk', () => finishes(THREE, '--remove', MORE.join()));
    const { stdout } = await lab.ssh(
      'etcd04',
      `ls -d ${DATA}*; systemctl is-enabled etcd etcd-backup.timer; systemctl is-active etcd etcd-backup.timer`,
    );
    expect(stdout).toMatch(
      /^\S+default\.etcd\.set-aside-\S+\n(?:\S+default\.etcd\n)?disabled\ndisabled\ninactive\ninactive\n$/,
    );
    const rules = (await lab.ssh('etcd01', 'cat /opt/etcd/cfg/firewall.*')).stdout;
    expect(rules).not.toContain(lab.hosts[3]?.address);
    inventoryHas(THREE);
    expect((await site('--check')).changed).toEqual([]);
  });

  it('one whose machine is gone is replaced, by word, also where the run is killed on its way', async () => {
    await lab.kill('etcd03');
    await lab.reset('etcd03');
    const refused = await yes();
    expect(refused.code).toBe(3);
    expect(said(refused)).toMatch(
      /↻ etcd03: member etcd03 \(\w+\) has lost its data\n.*members.* --replace etcd03/,
    );
    await underClient('replaced', async () => {
      const at = await killedAt(lab, 'members', (step) => step.endsWith('set it up and start it') || plain, [
        '--replace',
        'etcd03',
      ]);
      expect(at).toContain('etcd03');
      await finishes(THREE, '--replace', 'etcd03');
    });
    expect((await site('--check')).changed).toEqual([]);
  });

  it('one moves to another port, after its own turn', async () => {
    inventoryHas(THREE, { etcd02: { etcd_peer_port: 2390 } });
    expect(said(await site('--check'))).toMatch(
      /knows member etcd02 .*the inventory says .*2390[\s\S]*members/,
    );
    await underClient('moved', () => finishes(THREE));
    expect((await site('--check')).changed).toEqual([]);
  });

  all('one moves to another address, and the run is killed on its way', async () => {
    const ports = { etcd02: { etcd_peer_port: 2390 } };
    // The others would come to it from addresses that nobody lets in.
    inventoryHas(THREE, { ...ports, etcd03: { etcd_peer_address: lab.hosts[2]?.address6 } });
    const strange = await yes();
    expect([strange.code, said(strange)]).toEqual([
      3,
      expect.stringMatching(/packets to \S+ leave from fd00/),
    ]);
    await addAddress('etcd03', '10.0.52.66');
    inventoryHas(THREE, { ...ports, etcd03: { etcd_peer_address: '10.0.52.66' } });
    await underClient('moved', async () => {
      const isMove = (step: string) => step.includes('start it at its new address');
      expect(await killedAt(lab, 'members', isMove, [])).toContain('etcd03');
      await finishes(THREE);
    });
    expect((await site('--check')).changed).toEqual([]);
  });

  all('two move back in one run, and nothing is left of where they were', async () => {
    inventoryHas(THREE);
    await underClient('moved back', () => finishes(THREE));
    expect((await site('--check')).changed).toEqual([]);
  });

  all('a data directory is gone, and one member is added beside', async () => {
    inventoryHas([...THREE, 'etcd04']);
    await lab.ssh('etcd01', `systemctl stop etcd; rm -rf ${DATA}/member`);
    const refused = await yes();
    expect([refused.code, said(refused)]).toEqual([3, expect.stringContaining('--replace etcd01')]);
    await lab.ssh('etcd04', `rm -rf ${DATA}*`);
    expect(said(await yes('--replace', 'etcd01'))).toBe('');
    expect((await site('--check')).changed).toEqual([]);
    await finishes(THREE, '--remove', 'etcd04');
  });

  all(
    'what a member that left has besides is taken away by destroy, and the cluster is left alone',
    async () => {
      inventoryHas([...THREE, 'etcd04']);
      const gone = await runPlaybook(lab, ['-y', '-l', 'etcd04', '--cluster', 'inventory'], {
        playbook: 'destroy',
      });
      expect(said(gone)).toBe('');
      expect(
        (await lab.ssh('etcd04', 'ls /opt/etcd /etc/systemd/system/etcd.service 2>&1')).stdout,
      ).not.toContain('ssl');
      inventoryHas(THREE);
      expect((await runPlaybook(lab, [], { playbook: 'status' })).code).toBe(0);
    },
  );

  all('from three to one and back', async () => {
    inventoryHas(['etcd01']);
    expect((await yes()).code).toBe(3);
    await underClient('three to one', () => finishes(['etcd01'], '--remove', 'etcd02,etcd03'));
    inventoryHas(THREE);
    const args = plain ? ['--accept-downtime'] : [];
    expect((await yes(...args)).code).toBe(3);
    await underClient('one to three', () => finishes(THREE, '--replace', 'etcd02,etcd03', ...args));
    expect((await site('--check')).changed).toEqual([]);
  });

  /** What is changed, one after the other: who is in the inventory, and the words. */
  const CHANGES: readonly Change[] = [
    { what: 'one is added', names: [...THREE, 'etcd05'], args: ['--replace', 'etcd05'] },
    { what: 'one is removed', names: THREE, args: ['--remove', 'etcd05'] },
    { what: 'one is replaced', names: THREE, args: ['--replace', 'etcd03'], bare: 'etcd03' },
    { what: 'one moves to another port', names: THREE, vars: { etcd02: { etcd_peer_port: 2390 } } },
    {
      what: 'one moves to another address, and one back',
      names: THREE,
      vars: { etcd03: { etcd_peer_address: '10.0.52.66' } },
    },
    { what: 'it goes down to one', names: ['etcd01'], args: ['--remove', 'etcd02,etcd03'] },
    {
      what: 'it comes back to three',
      names: THREE,
      args: ['--replace', 'etcd02,etcd03', ...(plain ? ['--accept-downtime'] : [])],
    },
  ];

  for (const strike of ['run', 'machine'] satisfies Strike[])
    for (const { what, names, vars, bare, args = [] } of CHANGES)
      all(
        `${what}, and a rerun finishes in whatever step the ${strike} is lost`,
        async () => {
          inventoryHas(names, vars);
          if (bare !== undefined) await lab.reset(bare);
          await addAddress('etcd03', '10.0.52.66');
          // Of a leader that is lost, or the only member, nobody takes the place at once.
          const gapMs = strike === 'run' ? undefined : 30_000;
          const strikes = () => strikeEach(lab, strike, 'members', ['-y', ...args]);
          const struck = await underClient(`${what}, the ${strike} lost`, strikes, gapMs);
          expect(struck.length).toBeGreaterThan(1);
          await finishes(names, ...args);
          expect((await site('--check')).changed).toEqual([]);
        },
        600_000,
      );
});

interface Change {
  readonly what: string;
  readonly names: readonly string[];
  /** Of hosts, beside those that all have. */
  readonly vars?: Readonly<Record<string, object>>;
  readonly args?: readonly string[];
  /** A machine that is a new one. */
  readonly bare?: string;
}
