import { askSsh } from './ask.ts';
import { type Answers, type Evaluated, evaluate, type Target } from './evaluate.ts';
import { type ConfigFile, configFiles } from './files.ts';

/** Files, which are read once a run → target → what ssh has said. */
const asked = new WeakMap<readonly ConfigFile[], Map<string, Promise<Answers>>>();

/**
 * What ssh_config(5) says of a host: the user's and the system's file (or `file` alone, `-F`), as `ssh -G` would have
 * it. ssh itself is asked once a host, and only where a line counts for it that no other reader can judge.
 * @throws ConfigProblem with file and line, for what ssh would refuse
 */
export async function readSshConfig(target: Target, file?: string): Promise<Evaluated> {
  const files = await configFiles(file);
  const found = evaluate(files, target);
  const [question] = found.questions;
  if (question === undefined) return found;
  const answers = asked.get(files) ?? new Map<string, Promise<Answers>>();
  asked.set(files, answers);
  const key = JSON.stringify(target);
  const answer = answers.get(key) ?? askSsh(files, target, question);
  answers.set(key, answer);
  return evaluate(files, target, await answer);
}
