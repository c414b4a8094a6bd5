import { createRequire } from 'node:module';
import type { PlayRun } from '../../../../dsl/play.ts';
import type { Store } from '../../../../dsl/store.ts';
import { folderStore } from './folder.ts';

/** Environment variables without which S3 lets nobody in; they are never on a command line. */
const S3_VARIABLES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with a place that copies are to go to, and what to do about it; undefined where nothing is. */
export function placeProblem(
  to: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Problem | undefined {
  switch (kindOf(to)) {
    case 'folder':
      return undefined;
    case 'sftp':
      return sftpProblem(to);
    case 's3':
      return s3Problem(to, env);
    default:
      return {
        message: `--to ${withoutPassword(to)}: copies go to a folder of this machine, to sftp://user@host/folder or to s3://bucket/prefix`,
        hint: 'mount it here, or send what lies in the folder on from there',
      };
  }
}

/** Opens a place that has no problem. */
export async function openStore(run: Pick<PlayRun, 'openSftp'>, to: string): Promise<Store> {
  switch (kindOf(to)) {
    case 'sftp':
      return run.openSftp(to);
    case 's3':
      return (await import('./s3.ts')).openS3(to);
    default:
      return folderStore(to);
  }
}

/** A folder of this machine, whose files need not be fetched. */
export function isFolder(to: string): boolean {
  return kindOf(to) === 'folder';
}

/** `host:/x` and addresses of other kinds are none: a folder of that name is not what was meant. */
function kindOf(to: string): 'folder' | 'sftp' | 's3' | undefined {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(to) ?? [];
  if (scheme === undefined) return /^[^/\s]+@?[^/\s]*:/.test(to) ? undefined : 'folder';
  const known = scheme.toLowerCase();
  return known === 'sftp' || known === 's3' ? known : undefined;
}

function sftpProblem(to: string): Problem | undefined {
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

function s3Problem(to: string, env: Readonly<Record<string, string | undefined>>): Problem | undefined {
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+[a-z0-9](\/[\w!.*'()/-]*)?$/i.test(to))
    return {
      message: `--to ${withoutPassword(to)}: this is no bucket, with or without a prefix`,
      hint: 'as in s3://bucket/etcd/prod; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  const missing = S3_VARIABLES.filter((name) => !env[name]);
  if (missing.length > 0)
    return {
      message: `--to ${to}: ${missing.join(' and ')} not set`,
      hint: 'set them in the environment; AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL count, too',
    };
  if (isInstalled('aws4fetch')) return undefined;
  return { message: `--to ${to}: the package aws4fetch is not installed`, hint: 'npm i aws4fetch' };
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function withoutPassword(to: string): string {
  return to.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/]*):[^@/]*@/i, '$1@');
}
