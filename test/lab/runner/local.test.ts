import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { describeLab } from '../support/describeLab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { fetchNode, labNode, NODES, node } from '../support/nodes.ts';

const exec = promisify(execFile);
const ROOT = new URL('../../..', import.meta.url).pathname;
const NOBODY = 65534;

/** Tests of processes, streams, sockets, ciphers and terminals, and those on busybox alone. */
const NODE_DOES = [
  'test/unit/dsl',
  'test/unit/release',
  'test/unit/report',
  'test/unit/transport',
  'test/unit/pki/extensions.test.ts',
  'test/unit/runner/busybox.test.ts',
  'test/unit/runner/loop.test.ts',
];
/** Minutes; the lab starts the program on Node 24 anyway. */
const long = itLong('NODES');

describeLab('three members on loopback, without root', () => {
  let dir: string;
  let inventory: string;
  let uid: number;
  beforeAll(async () => {
    if (isWhole('NODES')) for (const major of NODES) await fetchNode(major);
    // A checkout that nobody else may read can only be tested as whoever owns it.
    const readable = exec('test', ['-r', join(ROOT, 'package.json')], { uid: NOBODY, gid: NOBODY });
    uid = await readable.then(
      () => NOBODY,
      () => 0,
    );
    dir = mkdtempSync(join(tmpdir(), 'quorate-local-'));
    chownSync(dir, uid, uid);
    inventory = join(dir, 'local.yaml');
    // Ports of the test's own, so that a cluster of the person's is not in the way.
    const text = readFileSync(join(ROOT, 'inventory/local.yaml'), 'utf8');
    writeFileSync(
      inventory,
      text.replace(/_port: (\d+)/g, (_, port) => `_port: ${Number(port) + 5000}`),
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Starts a playbook in a way of `WAYS`. */
  const start = async (way: Way, playbook: string, ...args: string[]) => {
    const [command = 'node', ...options] = way(`playbooks/${playbook}.ts`);
    const { stdout } = await exec(command, [...options, '-i', inventory, '--output', 'json', ...args], {
      cwd: dir,
      uid: NOBODY,
      gid: NOBODY,
      timeout: 60_000,
      env: { ...process.env, HOME: dir, TMPDIR: dir },
    });
    return JSON.parse(stdout.trim().split('\n').at(-1) as string);
  };

  type Way = (file: string) => readonly string[];
  const tsx: Way = (file) => [
    'node',
    '--import',
    join(ROOT, 'node_modules/tsx/dist/loader.mjs'),
    join(ROOT, file),
  ];
  const newer: Way = (file) => [node(24), join(ROOT, file)];
  const between: Way = (file) => [node(22), join(ROOT, file)];
  /** How users start it first, and again. */
  const WAYS: readonly (readonly [name: string, first: Way, again: Way])[] = [
    ['Node 20 with tsx, then Node 24 alone', tsx, newer],
    ['Node 24 alone, then Node 20 with tsx', newer, tsx],
    ['Node 22 alone, then Node 24', between, newer],
  ];
  const run = (playbook: string, ...args: string[]) =>
    start((file) => [labNode(), program(file)], playbook, ...args);

  it.each(isWhole('NODES') ? WAYS : WAYS.slice(0, 1))(
    '%s: up in 20 s, unchanged the second time, gone without a trace',
    async (_name, way, other) => {
      const first = await start(way, 'site');
      expect(first.exitCode).toBe(0);
      expect(first.elapsedMs).toBeLessThan(20_000);
      const again = await start(other, 'site');
      expect(again.exitCode).toBe(0);
      for (const host of Object.values<{ changed: number }>(again.hosts)) expect(host.changed).toBe(0);
      const gone = await start(other, 'destroy', '-y');
      expect(gone.exitCode).toBe(0);
      expect(existsSync(join(dir, '.quorate'))).toBe(false);
      const left = await exec('pgrep', ['-f', `${dir}/`]).catch(({ stdout }) => ({ stdout }));
      expect(left.stdout).toBe('');
    },
  );

  it('no folder but its own is taken away, and no cluster but the one that is named', async () => {
    await run('site');
    const mine = join(dir, 'mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'file'), 'kept');
    const text = readFileSync(inventory, 'utf8');
    const refused = async (exitCode: number, ...args: string[]) =>
      expect(run('destroy', '-y', ...args)).rejects.toMatchObject({ code: exitCode });
    await refused(1, '--cluster', 'prod');
    writeFileSync(inventory, text.replace('.quorate/local/etcd01/data', 'mine'));
    await refused(3);
    expect(readFileSync(join(mine, 'file'), 'utf8')).toBe('kept');
    writeFileSync(inventory, text);
    const again = await run('site');
    for (const host of Object.values<{ changed: number }>(again.hosts)) expect(host.changed).toBe(0);
  });

  it('one that lost its data comes back by what the doctor says, typed as it stands', async () => {
    const home = join(dir, '.quorate/local/etcd02');
    await exec('sh', ['-c', 'read -r pid start <"$1/state/etcd.pid"; kill "$pid"', 'sh', home]);
    rmSync(join(home, 'data/member'), { recursive: true });
    const found = await run('doctor').catch(({ stdout }) => stdout as string);
    const steps = (found as string)
      .split('\n')
      .flatMap((line) => (line.includes('"hint"') ? [JSON.parse(line).hint as string] : []))
      .join('\n');
    expect(steps).toMatch(/members.* --replace etcd02/);
    for (const step of steps.split('\n').map((line) => line.replace(/^\s*(?:next|then): /, ''))) {
      const [, playbook, words = ''] = /playbooks\/(\w+)\.js(.*)$/.exec(step) ?? [];
      const [, command] = /^here: (.*)$/.exec(step) ?? [];
      if (playbook)
        await run(
          playbook,
          ...words
            .replace(/ -i \S+/, '')
            .split(' ')
            .filter(Boolean),
          '-y',
        );
      if (command) await exec('sh', ['-c', command], { cwd: dir, uid: NOBODY, gid: NOBODY });
    }
    const again = await run('site', '--check');
    for (const host of Object.values<{ changed: number }>(again.hosts)) expect(host.changed).toBe(0);
    expect((await run('status')).exitCode).toBe(0);
    await run('destroy', '-y');
    expect(existsSync(join(dir, '.quorate'))).toBe(false);
  });

  it('no release without a version: told by the check as by the run', async () => {
    for (const args of [['--check'], []]) {
      const site = run('site', ...args, '-e', 'etcd_source=release');
      await expect(site).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('etcd_version is required for a new cluster'),
      });
    }
  });

  long.each(NODES)(
    'the unit tests of what Node does for us pass on Node %i, too',
    async (major) => {
      const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
      const { stdout } = await exec(node(major), [vitest, 'run', '--project', 'unit', ...NODE_DOES], {
        cwd: ROOT,
        timeout: 480_000,
        maxBuffer: 1 << 26,
        // What shells do is not another matter on another Node.
        env: { ...process.env, NO_COLOR: '1', QUORATE_TEST_SHELL: 'dash' },
      });
      expect(stdout).toMatch(/Tests {2}\d+ passed/);
      expect(stdout).not.toMatch(/\d failed|busybox tests are skipped/);
    },
    500_000,
  );
});
