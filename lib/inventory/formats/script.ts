import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { endWithUs, signalGroup } from '../../child-groups.ts';
import { environment } from '../../environment.ts';
import { maskMessage } from '../../secret-texts.ts';
import type { Problems } from '../checks/problems.ts';
import type { Tree } from '../tree.ts';
import { parseJson } from './json-text.ts';
import { addScriptGroups, variables } from './plain-groups.ts';

/** How long one call of an inventory script may take, ms. */
const DEADLINE = 60_000;

/** How long all calls of one script may take, ms. */
const WHOLE = 600_000;

/** What a script may print, bytes. */
const MOST = 64 * 1024 * 1024;

/** Calls of `--host` at a time. */
const AT_ONCE = 4;

/** Adds what an executable inventory prints for `--list`; without `_meta`, `--host NAME` is asked for each host. */
export async function addScript(tree: Tree, file: string, problems: Problems): Promise<void> {
  const position = { file, line: 1, column: 1 };
  const tell = (problem: string) => problems.add(problem, position);
  const clock = new Clock();
  const printed = await ask(file, ['--list'], clock, tell);
  if (printed === undefined) return;
  const { hosts, hostvars } = addScriptGroups(tree, printed, position, problems);
  const waiting = [...hosts];
  const work = async () => {
    for (let host = waiting.shift(); host !== undefined && !clock.isOver; host = waiting.shift()) {
      const vars = hostvars ? hostvars[host.name] : await ask(file, ['--host', host.name], clock, tell);
      if (typeof vars === 'object' && vars !== null)
        tree.setHostVariables(host, variables({ ...vars }, position));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The time that a script has. Once a call has run out of it no further one is made: it would hang as well. */
class Clock {
  readonly #end = performance.now() + WHOLE;
  isOver = false;

  /** For the next call, ms. */
  get left(): number {
    return Math.min(DEADLINE, Math.max(this.#end - performance.now(), 0));
  }

  /** A call took all that it had. */
  runOut(ms: number): string {
    this.isOver = true;
    return ms < DEADLINE
      ? `and the calls before it took longer than ${WHOLE / 1000} s`
      : `took longer than ${DEADLINE / 1000} s`;
  }
}

async function ask(
  file: string,
  args: readonly string[],
  clock: Clock,
  tell: (problem: string) => void,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { code, problem, stdout, stderr } = await run(file, args, clock);
  const call = `${file} ${args.join(' ')}`;
  const said = maskMessage(
    stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1) ?? '',
  );
  const words = said === '' ? '' : `; it says: ${said.slice(0, 300)}`;
  if (problem !== undefined) tell(`${call} ${problem}${words}`);
  else if (code !== 0) tell(`${call} ended with ${code}${words}`);
  else {
    const printed = parsed(stdout);
    if (printed !== undefined) return printed;
    tell(`${call} did not print a JSON mapping${words}`);
  }
  return undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    // `--host` of a host without variables may print nothing.
    const value: unknown = parseJson(text.trim() || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

interface Ended {
  readonly code: number | null;
  /** Why it did not come to an end of its own. */
  readonly problem?: string;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], clock: Clock): Promise<Ended> {
  return new Promise((done) => {
    // A group of its own, so that what the script started ends with it.
    const child = endWithUs(
      spawn(resolve(file), args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: environment(),
      }),
    );
    const chunks: Buffer[] = [];
    let [size, stderr] = [0, ''];
    let problem: string | undefined;
    const end = (why: string) => {
      problem ??= why;
      signalGroup(child);
    };
    const ms = clock.left;
    const timer = setTimeout(() => end(clock.runOut(ms)), ms);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST) end(`printed more than ${MOST / 1024 / 1024} MB`);
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk}`.slice(-10_000);
    });
    const settle = (code: number | null, why?: string) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(chunks).toString('utf8');
      done({ code, stdout, stderr, ...((why ?? problem) !== undefined && { problem: why ?? problem }) });
    };
    child.on('error', (error) => settle(null, `cannot be run: ${error.message}`));
    child.on('close', (code, signal) =>
      settle(code, signal === null ? undefined : (problem ?? `was ended by ${signal}`)),
    );
  });
}
