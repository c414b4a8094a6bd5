import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asHolder } from '../../../../lib/dsl/hold/hold.ts';
import { EXIT, QuorateError } from '../../../../lib/errors.ts';
import { type HeldLock, takeLock } from '../../../../lib/runner/locks/lock.ts';
import { Locks } from '../../../../lib/runner/locks/locks.ts';
import { connect } from '../../../../lib/transport/index.ts';
import { scratch } from '../../support/scratch.ts';
import { connectionOf } from '../../transport/support/connection.ts';

/** Races of the full proof; a few dozen otherwise. */
const RACES = Number(process.env.QUORATE_RACES ?? 30);

const LOCAL = connectionOf({ name: 'here', address: 'localhost' });

const ME = `${userInfo().username}@${hostname()}`;

/** Runs that want the same host at once; each that gets it works for a moment. */
async function race(dir: string, contenders: number) {
  const host = await connect(LOCAL);
  let inside = 0;
  let most = 0;
  let wins = 0;
  const losses: QuorateError[] = [];
  await Promise.all(
    Array.from({ length: contenders }, async () => {
      await sleep(Math.random() * 15);
      let lock: HeldLock | undefined;
      try {
        lock = await takeLock(host, dir);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        losses.push(error);
        return;
      }
      wins += 1;
      inside += 1;
      most = Math.max(most, inside);
      await sleep(Math.random() * 15);
      inside -= 1;
      await lock?.release();
    }),
  );
  return { most, wins, losses };
}

/** A file of that name, alone in its directory. */
function withFile(name: string): string {
  const path = join(scratch(), name);
  writeFileSync(path, '');
  return path;
}

/** A folder that has one of that name in it. */
function withFolder(name: string): string {
  const dir = scratch();
  mkdirSync(join(dir, name));
  return dir;
}

/** When a process began, as the kernel counts. */
function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
}

/** `pid:start` of a process that is gone. */
function deadOwner(): string {
  const { pid } = spawnSync('true');
  return `${pid}:1:somebody@elsewhere`;
}

describe('the run lock', () => {
  it(`is never held by two: ${RACES} races`, { timeout: 60_000 + RACES * 500 }, async () => {
    const dir = scratch();
    for (let i = 0; i < RACES; i++) {
      // Every third race finds the lock of a run that was killed.
      if (i % 3 === 0 && !existsSync(join(dir, 'lock'))) symlinkSync(deadOwner(), join(dir, 'lock'));
      const { most, wins, losses } = await race(dir, i % 5 === 0 ? 5 : 2);
      expect(most, `race ${i}`).toBe(1);
      expect(wins, `race ${i}`).toBeGreaterThan(0);
      for (const { exitCode, message } of losses) {
        expect(exitCode, message).toBe(EXIT.locked);
        expect(message).toMatch(
          new RegExp(`^here: another run holds the lock: ${ME} \\(pid \\d+ on here\\)(; run .*)?$`),
        );
      }
      expect(existsSync(join(dir, 'lock'))).toBe(false);
    }
  });

  it('tells who is refused of the run that has it: who, since when, with which command and why', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    const note = { command: 'site -i prod.yaml', message: 'disk swap' };
    const lock = await takeLock(host, dir, { note });
    await expect(takeLock(host, dir)).rejects.toThrow(
      new RegExp(
        `^here: another run holds the lock: ${ME} \\(pid \\d+ on here\\); run \\S+ since \\S+ \\S+ UTC: site -i prod.yaml: disk swap$`,
      ),
    );
    await lock?.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('tells a reason on one line, and of a long one the begin', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    const lock = await takeLock(host, dir, { note: { command: 'site', message: 'a\\nb\nc' } });
    await expect(takeLock(host, dir)).rejects.toThrow(/: site: a\\nb c$/);
    await lock?.release();
    const long = await takeLock(host, dir, {
      note: { command: 'c'.repeat(5000), message: 'm'.repeat(5000) },
    });
    await expect(takeLock(host, dir)).rejects.toThrow(/: c{300}…: m{300}…$/);
    await long?.release();
  });

  it('says nothing of a run that had it before: its details are not those of this one', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    await takeLock(host, dir, { note: { command: 'site' } });
    spawnSync('ln', ['-sfn', `${process.pid}:${startOf(process.pid)}:other`, join(dir, 'lock')]);
    await expect(takeLock(host, dir)).rejects.toThrow(/: other \(pid \d+ on here\)$/);
  });

  it.each([
    [
      'with who and why',
      asHolder({ message: 'disk swap' }),
      new RegExp(`on hold by ${ME}; run .*: disk swap$`),
    ],
    [
      'whatever is in the reason',
      asHolder({ message: 'two\nlines, a "quote", a \\ and \u2028' }),
      /: two lines, a "quote", a \\ and $/,
    ],
    ['with a reason that is cut', asHolder({ message: 'x'.repeat(2048) }), /: x{300}…$/],
    ['that nobody can read', 'rubbish', /on hold, its file names nobody$/],
  ])('is not to be had where a person holds the host, %s', async (_what, hold, said) => {
    const dir = scratch();
    const host = await connect(LOCAL);
    writeFileSync(join(dir, 'hold'), typeof hold === 'string' ? hold : `${JSON.stringify(hold)}\n`);
    const refused = takeLock(host, dir);
    await expect(refused).rejects.toThrow(said);
    await expect(refused).rejects.toMatchObject({ exitCode: EXIT.locked });
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });

  it('that a killed run has left is taken over, and its trace is left for it, once', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    const owner = deadOwner();
    const by = { runId: '20261127T100000Z-aaaaaa', who: 'anna@corp@ops1', since: '2026-11-27T10:00:00.000Z' };
    symlinkSync(owner, join(dir, 'lock'));
    symlinkSync(
      `${owner} ${JSON.stringify({ ...by, command: 'upgrade', message: 'now' })}`,
      join(dir, 'lock.by'),
    );
    const lock = await takeLock(host, dir, { note: { command: 'site' } });
    await lock?.release();
    await (await takeLock(host, dir))?.release();
    const [line, ...others] = readFileSync(join(dir, 'audit.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(line ?? '')).toEqual({
      time: by.since,
      runId: by.runId,
      who: 'anna@corp',
      from: 'ops1',
      command: 'upgrade',
      message: 'now',
      outcome: null,
    });
    expect(others).toEqual([]);
  });

  it('is waited for as long as is asked, and said once', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    const first = await takeLock(host, dir);
    const said: string[] = [];
    const locks = new Locks({ wait: 20_000, waiting: (message) => said.push(message) });
    const taken = locks.take(host, dir, { create: true });
    await sleep(1500);
    await first?.release();
    await taken;
    expect(said).toEqual([expect.stringMatching(/^waiting: here: another run holds the lock: /)]);
    await locks.release();
    const hasty = new Locks({ wait: 100 });
    const second = await takeLock(host, dir);
    await expect(hasty.take(host, dir, { create: true })).rejects.toMatchObject({ exitCode: EXIT.locked });
    await second?.release();
  });

  it('of somebody else stays when ours is released late', async () => {
    const dir = scratch();
    const host = await connect(LOCAL);
    const lock = await takeLock(host, dir);
    // What a run sees that was cut off while another one took over.
    spawnSync('ln', ['-sfn', `${process.pid}:0:other`, join(dir, 'lock')]);
    await lock?.release();
    expect(readlinkSync(join(dir, 'lock'))).toBe(`${process.pid}:0:other`);
  });

  it.each([
    ['a directory that takes no files', () => '/proc', /lock.*: No such file or directory$/],
    [
      'a file in the place of the directory',
      () => withFile('state'),
      /state.*: (File exists|Not a directory)$/,
    ],
    ['a directory in the place of the lock', () => withFolder('lock'), /lock.*: it is a directory$/],
    ['a file in the place of the lock', () => dirname(withFile('lock')), /lock.*: File exists$/],
  ])('that cannot be written because of %s is not one that is held', async (_name, make, reason) => {
    const dir = make();
    const host = await connect(LOCAL);
    const lost = takeLock(host, dir);
    await expect(lost).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining(`here: the run lock ${dir}/lock cannot be written: `),
    });
    await expect(lost).rejects.toThrow(reason);
  });
});
