import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Order } from '../../../lib/fleet/order.ts';
import { addRun, addWave, JOBS, openQueues, type QueuedRun, RUNS } from '../../../lib/fleet/redis/queues.ts';
import { program } from '../../program.ts';
import { describeRedis } from '../support/describeLab.ts';
import { collect, must, type Outcome, sleep, waitFor } from '../support/host/process.ts';
import { itLong } from '../support/long.ts';
import { labNode } from '../support/nodes.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const PASSWORD = 'sesame-9f2c';
/** What an inventory keeps, and Redis must not have. */
const KEPT = 'hunter2-4d1e';

/** What takes longer than a build should: `npm run test:fleets`. */
const long = itLong('FLEETS');

/** A role that says on each host that it ran, as long as nothing of the name of its cluster is broken. */
const PLAYBOOK = (library: string) => `import { command, play, playbook, role, sh } from '${library}';
const mark = role({
  name: 'mark',
  description: 'a line in a log',
  vars: {
    mark_log: { type: 'string', required: true, description: 'Where.' },
    mark_broken: { type: 'string', required: true, description: 'A file that must not be there.' },
    mark_seconds: { type: 'string', default: '0.2', description: 'How long it takes.' },
  },
  tasks: ({ vars, host }) => [
    command('mark', {
      run: sh\`test ! -e \${vars.mark_broken} && echo \${host.name} >>\${vars.mark_log}.begun && sleep \${vars.mark_seconds} && echo \${host.name} >>\${vars.mark_log}\`,
      changedWhen: 'always',
    }),
  ],
});
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [mark] })] });
`;

interface Recap {
  readonly exitCode: number;
  readonly clusters: Readonly<
    Record<string, { readonly status: string; readonly reason?: string; readonly worker?: string }>
  >;
}

describeRedis('a fleet of 30 clusters with Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-fleet-'));
  const project = join(folder, 'project');
  const log = join(folder, 'log');
  const names = [...Array(30).keys()].map((i) => `c${String(i + 1).padStart(2, '0')}`);
  const said: string[] = [];
  let redis: RedisServer;
  let workers: ChildProcess[] = [];

  const start = (args: readonly string[], cwd = project) => {
    const env = { ...process.env, QUORATE_REDIS_URL: redis.url };
    return spawn(labNode(), [program('playbooks/fleet.ts'), ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  const fleet = async (...args: readonly string[]): Promise<Outcome> => {
    const outcome = await collect(start(args), { timeoutMs: 90_000 });
    said.push(outcome.stdout, outcome.stderr);
    return outcome;
  };
  const RUN = ['run', 'mark.mjs', '--output', 'json', '--backoff', '500ms'];
  const run = (clusters: string, ...args: readonly string[]) =>
    fleet(...RUN, '--clusters', `inventories/${clusters}`, ...args);
  const status = async () => {
    await sleep(500);
    return (await fleet('status')).stdout;
  };
  const worker = (name: string, cwd = project) => {
    const child = start(['worker', '--name', name, '--concurrency', '3', '--takeover', '2s'], cwd);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => said.push(String(chunk)));
    workers.push(child);
    return child;
  };
  /** The jobs that a worker has said it has begun, and not that they have ended. */
  const handsOf = (child: ChildProcess) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    return () => {
      const told = (status: string) =>
        [...text.matchAll(new RegExp(`^${status} +(\\S+)`, 'gm'))].map(([, id]) => id);
      const ended = new Set(told('(?:done|failed|drift|cancelled|retrying)'));
      return told('running').filter((id) => !ended.has(id));
    };
  };
  const marks = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
  /** Hosts whose task was begun, whether or not it came to its end. */
  const begun = () =>
    (existsSync(`${log}.begun`) ? readFileSync(`${log}.begun`, 'utf8') : '').split('\n').filter(Boolean);
  const recapOf = ({ stdout }: Outcome): Recap => JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  const statuses = (recap: Recap) =>
    Object.fromEntries(Object.entries(recap.clusters).map(([name, { status }]) => [name, status]));
  const inventory = (name: string, seconds = '0.2') =>
    writeFileSync(
      join(project, 'inventories', `${name}.yaml`),
      JSON.stringify({
        all: {
          vars: {
            ansible_connection: 'local',
            db_password: KEPT,
            mark_log: log,
            mark_broken: join(folder, `broken-${name}`),
            mark_seconds: seconds,
          },
          hosts: Object.fromEntries(['a', 'b', 'c'].map((host) => [`${name}-${host}`, {}])),
        },
      }),
    );

  beforeAll(async () => {
    mkdirSync(join(project, 'inventories'), { recursive: true });
    mkdirSync(join(folder, 'redis'));
    writeFileSync(join(project, 'mark.mjs'), PLAYBOOK(program('test/unit/cli/dslPlaybook.ts')));
    for (const name of names) inventory(name);
    redis = await startRedis(join(folder, 'redis'), PASSWORD);
  });
  const endWorkers = async () => {
    const ended = workers.map(
      (child) => child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('exit', resolve)),
    );
    for (const child of workers) child.kill('SIGTERM');
    workers = [];
    await Promise.all(ended);
  };
  afterEach(() => {
    for (const file of [log, `${log}.begun`]) writeFileSync(file, '');
  });
  afterAll(async () => {
    await endWorkers();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('does every job, though a worker is killed and Redis is cut off', async () => {
    writeFileSync(log, '');
    const killed = worker('w1');
    const inHand = handsOf(killed);
    worker('w2');
    worker('w3');
    const running = run('*.yaml', '--waves', '1,10%,100%');
    await waitFor('a third of all jobs', 60_000, () => marks().length >= 30 || undefined);
    await waitFor('a job that w1 has in hand', 20_000, () => inHand().length > 0 || undefined);
    killed.kill('SIGKILL');
    workers = workers.filter((one) => one !== killed);
    await waitFor('more jobs', 60_000, () => marks().length >= 45 || undefined);
    await redis.restart(1500);
    const outcome = await running;
    const recap = recapOf(outcome);
    expect(statuses(recap), outcome.stderr).toEqual(Object.fromEntries(names.map((name) => [name, 'done'])));
    expect(outcome.code).toBe(0);
    const done = marks();
    expect([...new Set(done)].sort()).toEqual(
      names.flatMap((name) => ['a', 'b', 'c'].map((host) => `${name}-${host}`)),
    );
    // What the killed worker had in hand is done by another one as well as by its own process, which lives on.
    expect(done.length - 90).toBeLessThanOrEqual(9);
    expect(done.slice(0, 3).sort()).toEqual(['c01-a', 'c01-b', 'c01-c']);
    expect(outcome.stdout).toContain('"event":"wave"');
    expect(readdirSync(join(project, 'inventories/.quorate/runs'))).toHaveLength(30);
  });

  it('stops after a wave that fails, and does what is left once that is mended', async () => {
    writeFileSync(join(folder, 'broken-c03'), '');
    const failed = await run('c0[1-6].yaml', '--waves', '1,2,100%');
    const recap = recapOf(failed);
    expect(failed.code).toBe(2);
    expect(recap.clusters.c03).toMatchObject({
      status: 'failed',
      exitCode: 2,
      reason: expect.stringContaining('c03'),
    });
    const skipped = Object.entries(recap.clusters).flatMap(([name, { status }]) =>
      status === 'skipped' ? [name] : [],
    );
    expect(skipped).toEqual(expect.arrayContaining(names.slice(3, 6)));
    expect(marks().filter((mark) => skipped.some((name) => mark.startsWith(name)))).toEqual([]);
    rmSync(join(folder, 'broken-c03'));
    const logs = await fleet('logs', 'c03', '--output', 'json');
    expect(logs.stdout).toContain('"event":"error"');
    writeFileSync(log, '');
    const again = await fleet('retry', 'last', '--output', 'json');
    expect(again.code).toBe(0);
    expect([...new Set(marks().map((mark) => mark.slice(0, 3)))].sort()).toEqual(['c03', ...skipped].sort());
  });

  it('cancels: what is under way finishes its tasks in hand, nothing further begins', async () => {
    for (const name of names.slice(0, 9)) inventory(name, '6');
    const child = start([...RUN, '--clusters', 'inventories/c0*.yaml']);
    const running = collect(child, { timeoutMs: 60_000 });
    // A job that is told of as running may not have come to its task yet.
    await waitFor('tasks in hand', 30_000, () => begun().length >= 3 || undefined);
    expect((await fleet('cancel', 'last')).code).toBe(0);
    const outcome = await running;
    for (const name of names.slice(0, 9)) inventory(name);
    expect(outcome.code).toBe(130);
    const recap = recapOf(outcome);
    expect(Object.keys(recap.clusters)).toHaveLength(9);
    const ended = Object.values(statuses(recap));
    expect(ended.filter((status) => status === 'cancelled').length).toBeGreaterThanOrEqual(3);
    // A task in hand is finished, on each host where it was begun.
    expect(marks().length).toBeGreaterThanOrEqual(3);
    expect(marks().sort()).toEqual(begun().sort());
    // Two workers have three each.
    expect(new Set(marks().map((mark) => mark.slice(0, 3))).size).toBeLessThanOrEqual(6);
  });

  it('cancels once more: what is in hand ends at once, and how it began is kept', async () => {
    inventory('c10', '60');
    const running = run('c10.yaml');
    await waitFor('tasks in hand', 30_000, () => begun().length >= 3 || undefined);
    // A worker hears of both in one beat.
    const told = await Promise.all([fleet('cancel', 'last'), fleet('cancel', 'last')]);
    expect(told.map(({ stdout }) => stdout).sort()).toEqual([
      expect.stringContaining('finish their tasks in hand'),
      expect.stringContaining('end at once'),
    ]);
    const outcome = await running;
    inventory('c10');
    expect(outcome.code).toBe(130);
    expect(statuses(recapOf(outcome))).toEqual({ c10: 'cancelled' });
    expect(marks()).toEqual([]);
    const { stdout } = await fleet('logs', 'last', '--output', 'json');
    expect(stdout).toContain('"event":"start"');
  });

  long('begins a job once, though Redis is away for longer than it takes to miss a worker', async () => {
    inventory('c10', '6');
    const child = start([...RUN, '--clusters', 'inventories/c10.yaml']);
    const begun = new Promise<void>((resolve) =>
      child.stdout?.on('data', (chunk: Buffer) => {
        if (String(chunk).includes('"status":"running"')) resolve();
      }),
    );
    const running = collect(child, { timeoutMs: 60_000 });
    await begun;
    await redis.restart(3000);
    const outcome = await running;
    inventory('c10');
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toMatch(/Redis at \S+ has gone; trying again.*is back/s);
    expect(marks().sort()).toEqual(['c10-a', 'c10-b', 'c10-c']);
  });

  long('goes on where the terminal of who began it has gone', async () => {
    inventory('c11', '3');
    const line = ['node', program('playbooks/fleet.ts'), ...RUN, '--clusters', 'inventories/c11.yaml'].join(
      ' ',
    );
    const env = { ...process.env, QUORATE_REDIS_URL: redis.url };
    const terminal = spawn('script', ['-qfc', line, '/dev/null'], {
      cwd: project,
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const begun = new Promise<void>((resolve) =>
      terminal.stdout.on('data', (chunk: Buffer) => {
        if (String(chunk).includes('"status":"running"')) resolve();
      }),
    );
    await begun;
    terminal.kill('SIGKILL');
    await waitFor(
      'the end of the run',
      30_000,
      async () => /ended \(\d+\) +1 \w+/.test((await status()).split('\n')[1] ?? '') || undefined,
    );
    inventory('c11');
    const outcome = await fleet('status', 'last', '--output', 'json');
    expect(statuses(recapOf(outcome))).toEqual({ c11: 'done' });
    expect(marks()).toHaveLength(3);
  });

  it('looks for drift at set times, until that is taken back', async () => {
    const clusters = ['--clusters', 'inventories/c0[12].yaml'];
    const added = await fleet(
      'schedule',
      'mark.mjs',
      ...clusters,
      '--check',
      '--cron',
      '*/5 * * * * *',
      '--name',
      'nightly',
    );
    expect(added, added.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('schedule nightly: mark.mjs on 2 clusters, next at '),
    });
    expect((await fleet('schedule', '--list')).stdout).toMatch(
      /nightly +\*\/5 \* \* \* \* \* +UTC .* mark\.mjs \(check\) on inventories\/c0\[12\]\.yaml/,
    );
    const found = await waitFor(
      'a run of the schedule',
      30_000,
      async () => /.*ended \(8\) +2 drift +mark.mjs \(check\)/.exec(await status())?.[0],
    );
    expect((await fleet('schedule', '--remove', 'nightly')).code).toBe(0);
    const page = join(folder, 'drift.html');
    const [id = ''] = found.split(' ');
    expect((await fleet('logs', id, '--report', page)).code).toBe(0);
    const shown = readFileSync(page, 'utf8');
    expect(shown).toContain('What a run would change');
    for (const host of ['c01-a', 'c02-c']) expect(shown).toMatch(new RegExp(`data-q="[^"]*${host}`));
    expect((await fleet('schedule', '--list')).stdout).toContain('no schedules');
    expect(marks()).toEqual([]);
  });

  long(
    'leaves jobs to workers that have the same code and inventory, and says so where none has',
    async () => {
      await endWorkers();
      const other = join(folder, 'other');
      cpSync(project, other, { recursive: true });
      writeFileSync(join(other, 'inventories/c01.yaml'), '{all: {hosts: {x: {ansible_connection: local}}}}');
      worker('stale', other);
      const strangers = await fleet('status', '--fleet', 'other');
      expect(strangers).toMatchObject({ code: 0, stdout: expect.not.stringContaining('stale') });
      const alone = await run('c01.yaml', '--patience', '2s');
      expect(alone.code).toBe(2);
      expect(recapOf(alone).clusters.c01?.reason).toBe(
        'no worker has the code and the inventory that are meant: stale has another inventories/c01.yaml, or other variables beside it',
      );
      worker('fresh');
      await waitFor('both workers', 20_000, async () => /fresh, stale/.test(await status()) || undefined);
      const both = await run('c01.yaml', '--patience', '2s');
      expect(both.code).toBe(0);
      expect(recapOf(both).clusters.c01).toMatchObject({ status: 'done', worker: 'fresh' });
    },
  );

  long('refuses a worker whose name another one has', async () => {
    const second = await fleet('worker', '--name', 'fresh', '--takeover', '2s');
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a worker of the name fresh is there already'),
    });
  });

  long('has the jobs of a worker that is ended done by others, as the same attempt', async () => {
    await endWorkers();
    inventory('c12', '3');
    const first = worker('first');
    const inHand = handsOf(first);
    const running = run('c12.yaml', '--attempts', '1');
    await waitFor('the job', 20_000, () => inHand().length > 0 || undefined);
    const second = worker('second');
    await sleep(2000);
    const gone = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGTERM');
    await sleep(800);
    first.kill('SIGTERM');
    expect(await gone).toBe(0);
    const outcome = await running;
    inventory('c12');
    expect(recapOf(outcome).clusters.c12, outcome.stdout).toMatchObject({ status: 'done', worker: 'second' });
    expect(second.exitCode).toBeNull();
  });

  long('lets worker and run be left at once while Redis is away', async () => {
    await endWorkers();
    inventory('c13', '20');
    const busy = worker('busy');
    const inHand = handsOf(busy);
    const child = start([...RUN, '--clusters', 'inventories/c13.yaml']);
    const running = collect(child, { timeoutMs: 60_000 });
    await waitFor('the job', 20_000, () => inHand().length > 0 || undefined);
    const gone = new Promise((resolve) => busy.once('exit', resolve));
    let isBack = false;
    const back = redis.restart(9000).then(() => {
      isBack = true;
    });
    await sleep(500);
    for (const _ of [1, 2, 3]) {
      busy.kill('SIGTERM');
      child.kill('SIGINT');
      await sleep(700);
    }
    const left = await running;
    expect(left).toMatchObject({ code: 130, stdout: expect.stringContaining('left before Redis was told') });
    await gone;
    expect(isBack).toBe(false);
    await back;
    inventory('c13');
    expect((await fleet('cancel', 'last')).code).toBe(0);
    // It was killed with its job.
    expect(marks()).toEqual([]);
  });

  long('ends a run whose coordinator died while a job of its wave failed', async () => {
    await endWorkers();
    const { Worker, UnrecoverableError } = await import('bullmq');
    const queues = await openQueues(redis.url, 'default', { forever: false, tell: () => {} });
    const order: Order = {
      ...{
        run: 'R-lost',
        playbook: { file: 'mark.mjs' },
        name: 'mark.mjs',
        words: [],
        check: false,
        yes: false,
      },
      ...{ waves: ['100%'], errors: 0, attempts: 1, backoff: 1, patience: 1000, who: 'lena', from: 'laptop' },
    };
    const jobs = [{ cluster: 'c01', inventory: 'inventories/c01.yaml' }];
    const settings = { connection: queues.redis, prefix: queues.prefix };
    const coordinator = new Worker(RUNS, null, { ...settings, lockDuration: 1000 });
    const hand = new Worker(JOBS, () => Promise.reject(new UnrecoverableError('broken')), settings);
    try {
      await addRun(queues, order, jobs);
      const taken = (await coordinator.getNextJob('token')) as QueuedRun;
      const failed = new Promise((resolve) => hand.once('failed', resolve));
      await addWave(queues, taken, order, 1, jobs, new Map());
      await failed;
      await addRun(queues, { ...order, run: 'R-broken' }, jobs);
      const broken = (await coordinator.getNextJob('another')) as QueuedRun;
      await broken.moveToFailed(new UnrecoverableError('no such project'), 'another');
    } finally {
      await Promise.all([coordinator.close(), hand.close()]);
      await queues.close();
    }
    expect(await fleet('status', 'R-broken', '--watch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the run has failed: no such project'),
    });
    worker('heir');
    expect(await fleet('status', 'R-lost', '--watch', '--output', 'json')).toMatchObject({ code: 2 });
  });

  it('says where Redis cannot be reached, and never the password', async () => {
    const away = await fleet('status', '--redis', `redis://:${PASSWORD}@127.0.0.1:1`);
    expect(away.code).toBe(4);
    expect(away.stderr).toContain('Redis at redis://127.0.0.1:1 cannot be reached: connect ECONNREFUSED');
    const wrong = await fleet('status', '--redis', redis.url.replace(PASSWORD, 'other'));
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('refuses the login') });
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const request = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=redis';
    const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
    await must('openssl', ['req', ...request.split(' '), ...files]);
    mkdirSync(join(folder, 'tls'));
    const tls = await startRedis(join(folder, 'tls'), PASSWORD, { cert, key });
    try {
      const strange = await fleet('status', '--redis', tls.url);
      expect(strange).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('is not trusted: self-signed'),
      });
      process.env.NODE_EXTRA_CA_CERTS = cert;
      expect(await fleet('status', '--redis', tls.url)).toMatchObject({ code: 0, stderr: '' });
    } finally {
      delete process.env.NODE_EXTRA_CA_CERTS;
      await tls.stop();
    }
    expect(said.join('')).not.toContain(PASSWORD);
    for (const path of readdirSync(join(folder, 'redis'), { recursive: true, encoding: 'utf8' })) {
      const file = join(folder, 'redis', path);
      if (!statSync(file).isFile()) continue;
      const text = readFileSync(file, 'latin1');
      for (const secret of [PASSWORD, KEPT])
        expect(text.includes(secret), `${secret} in ${path}`).toBe(false);
    }
  });
});
