import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { program } from '../../../program.ts';
import { scratch } from '../../support/scratch.ts';

const STUCK = program('test/unit/cli/stuckPlaybook.ts');
const BUSY = program('test/unit/cli/busyPlaybook.ts');

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a second %s ends a run that nothing else would end, with %i and a recap',
  async (signal, code) => {
    const child = start(STUCK);
    let second = 0;
    const events = await follow(child, 'stuck', async () => {
      child.kill(signal);
      await sleep(700);
      second = performance.now();
      child.kill(signal);
    });
    expect(performance.now() - second).toBeLessThan(4000);
    expect(child.exitCode).toBe(code);
    expect(events.slice(-2)).toMatchObject([
      { event: 'error', exitCode: code, message: expect.stringMatching(/^stopped at once/) },
      { event: 'recap', exitCode: code },
    ]);
  },
);

it('a second signal of one name within half a second of the first is the same one', async () => {
  const child = start(BUSY);
  const events = await follow(child, 'busy', async () => {
    child.kill('SIGINT');
    await sleep(300);
    child.kill('SIGINT');
  });
  expect(child.exitCode).toBe(130);
  expect(messages(events)).toContain('finished');
  expect(messages(events)).not.toMatch(/stopped at once/);
});

it('one of another name is a second one, however soon', async () => {
  const child = start(BUSY);
  const events = await follow(child, 'busy', async () => {
    child.kill('SIGINT');
    child.kill('SIGTERM');
  });
  // Two signals at once may reach a process in either order; the first one names the exit code.
  expect([130, 143]).toContain(child.exitCode);
  expect(messages(events)).toMatch(/stopped at once/);
});

// As tsx does, which besides kills a process that has not taken the signal within 60 ms.
const PASSES_ON = `const child = require('node:child_process').spawn(process.argv[2], process.argv.slice(3), { stdio: 'inherit' });
process.on('SIGINT', () => setTimeout(() => child.kill('SIGINT'), 40));
child.on('exit', (code) => process.exit(code ?? 1));`;

// A machine that is too busy to run the child within 60 ms has tsx kill it.
it.each([
  ['a parent that passes it on', () => `node ${parent()} ${process.execPath} ${BUSY}`],
  ['npx tsx', () => 'DEAF=0 npx tsx test/unit/cli/busyPlaybook.ts'],
])('one Ctrl-C below %s lets the tasks in hand finish', { retry: 2 }, async (_name, command) => {
  const child = inTerminal(`${command()} -i ${inventory()} --output json`);
  const events = await follow(child, 'busy', async () => {
    child.stdin?.write('\x03');
  });
  expect(child.exitCode).toBe(130);
  expect(messages(events)).toContain('finished');
  expect(messages(events)).not.toMatch(/stopped at once/);
});

describe('SIGHUP', () => {
  it('ends a run whose terminal was closed as TERM does: the tasks in hand are finished, 143', async () => {
    const log = join(scratch(), 'log');
    const child = inTerminal(`echo $$; exec node ${BUSY} -i ${inventory()} --output json --log ${log}`);
    let pid = 0;
    const events = await follow(child, 'busy', async (lines) => {
      pid = Number(lines.find((line) => /^\d+\s*$/.test(line)));
      process.kill(pid, 'SIGHUP');
    });
    expect(child.exitCode).toBe(143);
    expect(messages(events)).toMatch(/the terminal is gone[\s\S]*finished/);
  });

  it.each([
    ['ends as with TERM', '', 143, /the terminal is gone[\s\S]*finished/],
    ['goes on where a shell keeps the signal from it', "trap '' HUP; ", 0, /finished/],
  ])(
    'of a terminal that is really gone, where every word fails: the run %s',
    async (_how, shell, code, said) => {
      const dir = scratch();
      const [log, end, inner] = [join(dir, 'log'), join(dir, 'end'), join(dir, 'run.sh')];
      const run = `node ${BUSY} -i ${inventory()} --output json --log ${log}`;
      writeFileSync(inner, `trap '' HUP; ${run}; echo $? >${end}\n`);
      const terminal = inTerminal(`${shell}sh ${inner}; :`);
      await follow(terminal, 'busy', async () => {
        terminal.kill('SIGKILL');
      });
      const ended = () => expect(readFileSync(end, 'utf8')).toBe(`${code}\n`);
      await vi.waitFor(ended, { timeout: 15_000, interval: 100 });
      expect(readFileSync(log, 'utf8')).toMatch(said);
    },
  );

  it('is told of and passed over where neither input nor output is a terminal', async () => {
    const child = start(BUSY);
    const events = await follow(child, 'busy', async () => {
      child.kill('SIGHUP');
    });
    expect(child.exitCode).toBe(0);
    expect(messages(events)).toMatch(/SIGHUP[\s\S]*the run goes on[\s\S]*finished/);
  });
});

function start(playbook: string): ChildProcess {
  const args = [playbook, '-i', inventory(), '--output', 'json'];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
}

function parent(): string {
  const file = join(scratch(), 'parent.cjs');
  writeFileSync(file, PASSES_ON);
  return file;
}

/** On a pseudo-terminal of its own: what is written to its input are keys that are pressed. */
function inTerminal(command: string): ChildProcess {
  return spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
}

function inventory(): string {
  const file = join(scratch(), 'inventory.yaml');
  writeFileSync(file, 'all:\n  hosts:\n    here: { ansible_connection: local }\n');
  return file;
}

interface Said {
  readonly event: string;
  readonly message?: string;
}

/** The events of a run that is struck when it says `word`. */
async function follow(
  child: ChildProcess,
  word: string,
  strike: (lines: readonly string[]) => Promise<void>,
): Promise<readonly Said[]> {
  const events: Said[] = [];
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    lines.push(line);
    const text = line.slice(line.indexOf('{'));
    if (!text.startsWith('{"event"')) continue;
    events.push(JSON.parse(text));
    if (events.at(-1)?.message === word) await strike(lines);
  }
  if (child.exitCode === null) await once(child, 'exit');
  return events;
}

function messages(events: readonly Said[]): string {
  return events.map(({ message }) => message ?? '').join('\n');
}
