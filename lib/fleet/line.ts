import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { playbookOfOurs } from '../cli/quorate/own-playbooks.ts';
import { fileNamed } from '../cli/quorate/run.ts';
import { handed } from '../cli/start/handed.ts';
import { PLAYBOOKS } from '../root.ts';
import { usage } from './flags.ts';
import type { Job, Order, PlaybookRef } from './order.ts';
import { pathInProject } from './project.ts';

/**
 * The playbook that a word means: one of ours by its bare name, else a file of this folder. `site` is etcd's, also where
 * a `site.ts` lies; `./site` and `site.ts` are that file. Throws exit code 1.
 */
export function playbookNamed(word: string, project = process.cwd()): PlaybookRef {
  if (playbookOfOurs(word) !== undefined) return { own: word };
  const file = fileNamed(word);
  if (file === undefined)
    throw usage(
      `there is no playbook ${word}`,
      'name a file, or a playbook that comes with it: site, exec, backup',
    );
  const own = relative(PLAYBOOKS, file);
  if (/^[\w-]+\.[jt]s$/.test(own)) return { own: own.slice(0, -3) };
  return { file: pathInProject(word, file, project) };
}

/** Its file on this machine; undefined where there is none. */
export function fileOf(playbook: PlaybookRef, project = process.cwd()): string | undefined {
  if ('own' in playbook) return playbookOfOurs(playbook.own);
  const path = resolve(project, playbook.file);
  return existsSync(path) ? path : undefined;
}

/** The command line of a job: this program as it was started, with its playbook on its inventory. */
export function jobLine(job: Job, { playbook, words, check, yes, message }: Order): readonly string[] {
  const { inventory, shard } = job;
  return [
    process.execPath,
    ...process.execArgv,
    ...program(playbook),
    '-i',
    inventory,
    '--output',
    'json',
    ...(shard === undefined ? [] : ['--shard', shard]),
    ...(check ? ['--check', '--detailed-exitcode'] : []),
    ...(yes ? ['--yes'] : []),
    ...(message === undefined ? [] : ['--message', message]),
    ...words,
  ];
}

function program(playbook: PlaybookRef): readonly string[] {
  const file = fileOf(playbook);
  if (file === undefined)
    throw usage(`there is no playbook ${Object.values(playbook).join()}`, 'name a file');
  const command = handed()?.program;
  if (command === undefined) return [file];
  return 'own' in playbook ? [command, playbook.own] : [command, 'run', join('.', playbook.file)];
}
