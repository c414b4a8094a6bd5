import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A program in place of a playbook: it is called as one, writes `begin` and `end` with its cluster into `log` beside it,
 * and ends as its inventory says: `exits` one code an attempt (the last one stays), `ms` how long it takes.
 */
const STUB = `import { appendFileSync, readFileSync } from 'node:fs';
const args = process.argv.slice(2);
const inventory = args[args.indexOf('-i') + 1];
const { exits = [0], ms = 0, changed = 0, error } = JSON.parse(readFileSync(inventory, 'utf8'));
const note = (what) => appendFileSync('log', what + ' ' + inventory + '\\n');
const before = readFileSync('log', 'utf8').split('\\n').filter((line) => line === 'begin ' + inventory).length;
const code = exits[Math.min(before, exits.length - 1)];
const tell = (event, more) =>
  console.log(JSON.stringify({ event, time: new Date().toISOString(), runId: 'run-' + process.pid, ...more }));
process.on('SIGINT', () => { note('cancelled'); process.exit(130); });
note('begin');
tell('start', { playbook: 'stub', inventory: [inventory], check: args.includes('--check'), hosts: ['h'], args });
await new Promise((resolve) => setTimeout(resolve, ms));
for (let i = 0; i < changed; i++) tell('task', { host: 'h', role: 'r', task: 't' + i, status: 'changed', changes: [] });
if (error) tell('error', { message: error, host: 'h', exitCode: code });
tell('recap', { check: args.includes('--check'), hosts: {}, elapsedMs: ms, exitCode: code });
note('end');
if (code === 'kill') process.kill(process.pid, 'SIGKILL');
process.exitCode = code;
`;

export interface Stub {
  readonly exits?: readonly (number | 'kill')[];
  readonly ms?: number;
  readonly changed?: number;
  readonly error?: string;
}

/** A project with the stub and an inventory for each cluster. */
export function stubProject(folder: string, clusters: Readonly<Record<string, Stub>>): void {
  writeFileSync(join(folder, 'stub.mjs'), STUB);
  writeFileSync(join(folder, 'log'), '');
  for (const [name, stub] of Object.entries(clusters))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(stub));
}
