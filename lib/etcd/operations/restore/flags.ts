import { existsSync, statSync } from 'node:fs';
import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import { isSealed } from '../backup/copies.ts';
import { keyProblem, opening } from '../backup/seal.ts';
import { isStoredFile, storedFileProblem } from '../backup/stores/place.ts';
import { CLUSTER_FLAG } from '../common/cluster-flag.ts';
import { isListed } from './source.ts';

export const VERB = 'restore';

export const RESTORE_FLAGS = [
  CLUSTER_FLAG,
  {
    name: 'from',
    type: 'string',
    placeholder: 'FILE',
    description:
      'the snapshot: a file of this machine, a name that backup --list shows (HOST:FILE where several have it), sftp://user@host/folder/FILE or s3://bucket/prefix/FILE',
  },
  {
    name: 'identity',
    type: 'string',
    placeholder: 'FILE',
    description: 'private key of age, 0600, for a snapshot that is encrypted (.db.age)',
  },
  {
    name: 'give-up',
    type: 'boolean',
    description: 'give up an unfinished restore, while every host still has its own data',
  },
  {
    name: 'again',
    type: 'boolean',
    description: 'restore again after a finished restore, or start over when one cannot be finished',
  },
] as const;

/** What is wrong with the command line, before any host is contacted. */
export async function flagProblems(hosts: readonly HostData[]): Promise<readonly PlayProblem[]> {
  const [first] = hosts;
  if (first === undefined) return [];
  const problem = await sourceProblem(first.vars);
  return problem ? [{ host: first.name, ...problem }] : [];
}

async function sourceProblem(vars: Vars): Promise<Omit<PlayProblem, 'host'> | undefined> {
  const { from, identity } = vars;
  if (vars['give-up'] === true)
    return from === undefined
      ? undefined
      : {
          message: `--give-up and --from ${from}: either ends it, or goes on with that`,
          hint: 'choose one: --from FILE takes the place of what was begun, too, while all hosts have their own data',
        };
  if (typeof from !== 'string' || from === '')
    return {
      message: 'no snapshot to restore',
      hint: 'name one with --from: a file, one of backup --list, or sftp://…/FILE or s3://…/FILE',
    };
  if (isListed(from)) return undefined;
  const misplaced = isStoredFile(from) ? storedFileProblem(from) : undefined;
  if (misplaced) return misplaced;
  if (isSealed(from) && identity === undefined)
    return {
      message: `--from ${from}: it is encrypted`,
      hint: 'name the file of the private key: --identity FILE',
    };
  if (!isStoredFile(from) && !(existsSync(from) && statSync(from).isFile()))
    return {
      message: `--from ${from}: no such file`,
      hint: 'name a file of this machine, a snapshot of backup --list, or a copy as sftp://…/FILE or s3://…/FILE',
    };
  return identity === undefined ? undefined : keyProblem(opening(String(identity)));
}
