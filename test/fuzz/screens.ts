import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createReport } from '../../lib/report/index.ts';
import type { OutputStream } from '../../lib/report/stream.ts';
import type { RunEvent } from '../../lib/runner/events.ts';
import { cluster } from '../unit/report/streams.ts';
import { asUtf8, batches, type Ground, type Kind, show, type Tally } from './ground.ts';
import { dice, hostile } from './strings.ts';

const BATCH = 50;
const OUTPUTS = ['pretty', 'plain', 'json'] as const;

/** What hosts say, on every output and in the log: no control character leaves, and JSON gives it back as it was. */
export const screens: Kind = {
  name: 'facts and messages on screens',
  share: 2,
  quick: 200,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const length of batches(cases, BATCH)) {
      const said = Array.from({ length }, () => hostile(roll, ground.canary));
      const events = said.flatMap((text, i) => eventsOf(text, `host${i}`));
      await shown(ground, roll.pick(OUTPUTS), events, said);
      tally.literal += said.length;
    }
    return tally;
  },
};

function eventsOf(text: string, host: string): readonly RunEvent[] {
  const change = {
    resource: `file:/${text}`,
    kind: 'update',
    property: text,
    before: text,
    after: `${text}.`,
    certainty: 'certain',
    text: { before: `${text}\n`, after: `a\n${text}\n` },
  } as const;
  return [
    { event: 'log', level: 'debug', host, message: text },
    { event: 'output', host, task: text, line: text },
    cluster(`${text}\n${text}`),
    { event: 'task', host, role: 'role', task: text, status: 'changed', changes: [change] },
    { event: 'error', host, task: text, message: text, hint: text, exitCode: 2 },
  ];
}

async function shown(
  ground: Ground,
  output: (typeof OUTPUTS)[number],
  events: readonly RunEvent[],
  said: readonly string[],
): Promise<void> {
  const logFile = join(ground.dir, 'log');
  rmSync(logFile, { force: true });
  const stream = new Memory();
  const report = createReport({
    output,
    diff: true,
    check: true,
    verbosity: 3,
    logFile,
    stdout: stream,
    stderr: stream,
    env: { NO_COLOR: '1' },
  });
  report.emit({ event: 'start', playbook: 'fuzz', inventory: ['fuzz.yaml'], check: true, hosts: ['host0'] });
  for (const event of events) report.emit(event);
  report.emit({ event: 'recap', check: true, hosts: { host0: COUNTS }, elapsedMs: 1, exitCode: 2 });
  await report.close();
  refuseControls(output, stream.text, said);
  const log = readFileSync(logFile, 'utf8');
  refuseControls('the log', log, said);
  const odd = log.split('\n').find((line) => line !== '' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z /.test(line));
  if (odd !== undefined) throw new Error(`a line of the log comes from elsewhere: ${show(odd)}`);
  if (output === 'json') asItWas(stream.text, said);
}

const COUNTS = {
  ok: 0,
  changed: 0,
  failed: 1,
  skipped: 0,
  unknown: 0,
  unreachable: 0,
  roundTrips: 1,
};

/** Whatever could move a cursor, hide a character, or turn the direction of text. */
function refuseControls(where: string, text: string, said: readonly string[]): void {
  const at = text.search(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
  if (at < 0) return;
  const around = text.slice(Math.max(0, at - 60), at + 20);
  const source = said.find((one) => one.includes(text[at] as string));
  throw new Error(`${where} shows ${show(text[at])} in ${show(around)}; it was told ${show(source)}`);
}

function asItWas(text: string, said: readonly string[]): void {
  const lines = text.trim().split('\n');
  const found = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'output');
  const at = said.findIndex((one, i) => asUtf8(found[i]?.line ?? '') !== asUtf8(one));
  if (at >= 0 || found.length !== said.length) {
    throw new Error(`JSON has ${show(found[at]?.line)} for ${show(said[at])}`);
  }
}

class Memory implements OutputStream {
  text = '';

  write(text: string, done?: () => void): boolean {
    this.text += text;
    done?.();
    return true;
  }

  on(): void {}
}
