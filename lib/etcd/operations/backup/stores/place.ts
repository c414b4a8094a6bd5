import type { PlayRun } from '../../../../dsl/play.ts';
import type { Store } from '../../../../dsl/store.ts';
import { folderStore } from './folder.ts';

/** What is wrong with a place that copies are to go to, and what to do about it; undefined where nothing is. */
export function placeProblem(to: string): { readonly message: string; readonly hint: string } | undefined {
  if (isSftp(to)) return sftpProblem(to);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(to) && !/^[^/\s]+@?[^/\s]*:/.test(to)) return undefined;
  return {
    message: `--to ${withoutPassword(to)}: copies go to a folder of this machine, or to sftp://user@host/folder`,
    hint: 'mount it here, or send what lies in the folder on from there',
  };
}

/** Opens a place that has no problem. */
export async function openStore(run: Pick<PlayRun, 'openSftp'>, to: string): Promise<Store> {
  return isSftp(to) ? run.openSftp(to) : folderStore(to);
}

/** A folder of this machine, whose files need not be fetched. */
export function isFolder(to: string): boolean {
  return !isSftp(to);
}

function isSftp(to: string): boolean {
  return /^sftp:\/\//i.test(to);
}

function sftpProblem(to: string): ReturnType<typeof placeProblem> {
  const url = URL.canParse(to) ? new URL(to) : undefined;
  if (url?.password)
    return {
      message: `--to ${withoutPassword(to)}: a password in a command line can be read by others`,
      hint: 'let a key of yours in there',
    };
  if (url && url.hostname !== '' && url.pathname.length > 1 && url.search === '' && url.hash === '')
    return undefined;
  return {
    message: `--to ${to}: this is no folder of a host`,
    hint: 'as in sftp://backup@host/srv/backups, or sftp://backup@host:2222/~/backups below its home',
  };
}

function withoutPassword(to: string): string {
  return to.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/]*):[^@/]*@/i, '$1@');
}
