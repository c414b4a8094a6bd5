import { askSsh } from './ask.ts';
import { type Evaluated, evaluate, type Target } from './evaluate.ts';
import { type ConfigFile, configFiles } from './files.ts';

/** Files, which are read once a run → target → what they say of it. */
const known = new WeakMap<readonly ConfigFile[], Map<string, Promise<Evaluated>>>();

/**
 * What ssh_config(5) says of a host: the user's and the system's file (or `file` alone, `-F`), as `ssh -G` would have
 * it. Each host is looked up once a run.
 * @throws ConfigProblem with file and line, for what ssh would refuse
 */
export async function readSshConfig(target: Target, file?: string): Promise<Evaluated> {
  const files = await configFiles(file);
  const all = known.get(files) ?? new Map<string, Promise<Evaluated>>();
  known.set(files, all);
  const key = JSON.stringify(target);
  const found = all.get(key) ?? lookUp(files, target);
  all.set(key, found);
  return found;
}

/** Asks ssh itself only where a line counts that no other reader can judge. */
async function lookUp(files: readonly ConfigFile[], target: Target): Promise<Evaluated> {
  const found = evaluate(files, target);
  const [question] = found.questions;
  return question === undefined ? found : evaluate(files, target, await askSsh(files, target, question));
}
