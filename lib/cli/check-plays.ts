import type { PlayProblem } from '../dsl/play.ts';
import { EXIT, QuorateError, QuorateErrors } from '../errors.ts';
import type { SettledHost } from '../inventory/index.ts';
import type { RunHost } from '../runner/session.ts';
import { maskMessage } from '../secret-texts.ts';
import type { PlaybookFile } from './start/playbook-file.ts';

/** Throws what the plays find wrong, each problem where its variable is written; returns the warnings. */
export async function checkPlays(
  playbook: PlaybookFile,
  settled: ReadonlyMap<string, SettledHost>,
  select: (pattern: string) => readonly RunHost[],
): Promise<readonly string[]> {
  const found = playbook.plays.map((play) => {
    const hosts = select(play.hosts);
    const hostvars = Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
    return play.check?.(hosts.map(({ name, vars }) => ({ name, vars, hostvars }))) ?? [];
  });
  const problems = (await Promise.all(found)).flat();
  // What a group says is wrong with each of its hosts, and told once.
  const told = new Set<string>();
  const fresh = problems.filter(({ host, message }) => {
    const key = message.replaceAll(host, '');
    return !told.has(key) && told.add(key);
  });
  const errors = fresh.filter(({ level }) => level !== 'warning');
  if (errors.length > 0) throw new QuorateErrors(errors.map((problem) => positioned(problem, settled)));
  return fresh.map(({ message, hint }) => `${message}; ${hint}`);
}

function positioned(
  { host, variable, hint, ...problem }: PlayProblem,
  settled: ReadonlyMap<string, SettledHost>,
): QuorateError {
  const message = maskMessage(problem.message);
  const found = settled.get(host);
  const origin = variable === undefined ? undefined : found?.origin(variable);
  const position = origin === 'default' ? found?.position : origin;
  return new QuorateError(position === 'extra-vars' ? `${message} (from --extra-vars)` : message, {
    exitCode: EXIT.usage,
    hint,
    host,
    ...(typeof position === 'object' && { position }),
  });
}
