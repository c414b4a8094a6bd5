import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../lib/transport/index.ts';
import { BEAT_WAIT } from '../../../lib/transport/launcher.ts';
import { connectionOf, outcome, watch } from './support/connection.ts';
import { lives, until } from './support/launcher-process.ts';

const here = () => connect(connectionOf());

it('loads nothing of SSH', () => {
  const program = `
    import { createRequire } from 'node:module';
    import { connect } from ${JSON.stringify(new URL('../../../lib/transport/index.ts', import.meta.url).href)};
    const here = ${JSON.stringify(connectionOf())};
    const host = await connect(here);
    await host.run(':', { stdout() {}, stderr() {} }).done;
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).join(' ');
    const before = /ssh2|node-ssh/.test(loaded());
    await connect({ ...here, kind: 'ssh', address: 'node1.invalid' }).catch(() => {});
    console.log(before, /ssh2/.test(loaded()));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    {
      encoding: 'utf8',
      env: { ...process.env, ZX_TIMEOUT: '1ms', ZX_CWD: '/nonexistent', ZX_PREFIX: 'exit 1;' },
    },
  );
  expect([stdout, stderr]).toEqual(['false true\n', '']);
});

describe('a script on this machine', () => {
  it('gives its output and its exit status', async () => {
    expect(await outcome(await here(), 'echo out; echo err >&2; exit 7')).toEqual({
      code: 7,
      out: 'out\n',
      err: 'err\n',
    });
  });

  it.each([
    ['from its first moment where it changes something', true],
    ['not yet where it only reads', false],
  ])('is watched %s', async (_when, watched) => {
    let out = '';
    const host = await here();
    const streams = {
      stdout: (chunk: Buffer) => {
        out += chunk;
      },
      stderr: () => {},
      watched,
    };
    await host.run(
      `group=$(ps -o pgid= -p $$); sleep 0.5; ps -eo pgid=,args= | grep "^ *\${group# *} "`,
      streams,
    ).done;
    expect(out.includes(BEAT_WAIT)).toBe(watched);
  });

  it('does not get what the environment holds for this program alone', async () => {
    process.env.QUORATE_CA_PASSPHRASE = 'kanarienvogel';
    try {
      const { out } = await outcome(await here(), 'env');
      expect(out).toContain('PATH=');
      expect(out).not.toMatch(/QUORATE|kanarienvogel/);
    } finally {
      delete process.env.QUORATE_CA_PASSPHRASE;
    }
  });

  it('counts round trips', async () => {
    const host = await here();
    await outcome(host, ':');
    await outcome(host, ':');
    expect(host.roundTrips).toBe(2);
  });

  it('streams bytes as they come, characters cut or not', async () => {
    const host = await here();
    const chunks: Buffer[] = [];
    const { done } = host.run(`printf '\\303'; sleep 0.1; printf '\\244'; printf '\\377\\000x'`, {
      stdout: (chunk) => chunks.push(chunk),
      stderr: () => {},
    });
    await done;
    expect(chunks.length).toBeGreaterThan(1);
    expect([...Buffer.concat(chunks)]).toEqual([0xc3, 0xa4, 0xff, 0x00, 0x78]);
  });

  it('gives much output whole', async () => {
    const { out } = await outcome(await here(), 'head -c 8000000 /dev/zero | tr "\\0" x');
    expect(out.length).toBe(8_000_000);
  });

  it('has no standard input to swallow', async () => {
    expect((await outcome(await here(), 'cat; echo over')).out).toBe('over\n');
  });

  it('has no part of the script in a command line', async () => {
    const run = watch(await here(), ': canary-in-script; echo $$; sleep 60');
    await until(() => run.out() !== '', 'the script runs');
    const shell = readFileSync(`/proc/${run.out().trim()}/cmdline`, 'latin1');
    expect(shell).toContain('sed');
    expect(shell).not.toContain('canary');
    run.kill();
    expect((await run.done).code).toBeNull();
  });

  it('is in a process group of its own', async () => {
    const { out } = await outcome(await here(), 'cut -d" " -f5 /proc/$$/stat; echo $$');
    const [group, pid] = out.trim().split('\n');
    expect(group).toBe(pid);
  });

  it('stops after the fragment in hand', async () => {
    const run = watch(
      await here(),
      'trap "stop=1" USR1; echo a; sleep 0.5; echo b; [ -z "$stop" ] || exit 9; echo c',
    );
    await until(() => run.out() !== '', 'the script runs');
    run.stop();
    expect((await run.done).code).toBe(9);
    expect(run.out()).toBe('a\nb\n');
  });

  it('is stopped also by a request that comes before it runs', async () => {
    const run = watch(await here(), 'sleep 0.5; [ -z "$q_stop" ] || exit 9; echo c');
    run.stop();
    expect((await run.done).code).toBe(9);
    expect(run.out()).toBe('');
  });

  it('is killed with all it started', async () => {
    const run = watch(await here(), 'sleep 60 & echo $!; sleep 60');
    await until(() => run.out() !== '', 'the script runs');
    run.kill();
    expect((await run.done).code).toBeNull();
    await until(() => !lives(Number(run.out())), 'the group is gone');
  });

  it('does not run when it is killed before it began', async () => {
    const run = watch(await here(), 'sleep 1; echo ran');
    run.kill();
    expect((await run.done).code).toBeNull();
    expect(run.out()).toBe('');
  });

  it('is not kept by a daemon that holds its output', async () => {
    const began = Date.now();
    const { code, out } = await outcome(await here(), 'setsid sleep 61 & sleep 0.2; echo $!; exit 4');
    expect([code, Date.now() - began < 5000]).toEqual([4, true]);
    process.kill(Number(out));
  });
});
