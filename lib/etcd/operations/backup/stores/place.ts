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
  if (to.trim() === '')
    return { message: '--to is empty: it names no place', hint: 'is a variable of the shell not set?' };
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
  if (url && [url.pathname, url.username].some((part) => decoded(part) === undefined))
    return {
      message: `--to ${withoutPassword(to)}: a % in it is no escape of two hex digits`,
      hint: 'write %25 for the sign itself',
    };
  if (url && url.hostname !== '' && url.pathname.length > 1 && url.search === '' && url.hash === '')
    return undefined;
  return {
    message: `--to ${withoutPassword(to)}: this is no folder of a host`,
    hint: 'as in sftp://backup@host/srv/backups, or sftp://backup@host:2222/~/backups below its home',
  };
}

function s3Problem(to: string, env: Readonly<Record<string, string | undefined>>): Problem | undefined {
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+[a-z0-9](\/[\w!.*'()/-]*)?$/i.test(to))
    return {
      message: `--to ${withoutPassword(to)}: this is no bucket, with or without a prefix`,
      hint: 'as in s3://bucket/etcd/prod; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  if (to.split('/').some((part) => part === '.' || part === '..'))
    return {
      message: `--to ${to}: . and .. in a prefix would lead to another one, or to another bucket`,
      hint: 'write the prefix as it is in the bucket',
    };
  const missing = S3_VARIABLES.filter((name) => !env[name]);
  if (missing.length > 0)
    return {
      message: `--to ${to}: ${missing.join(' and ')} not set`,
      hint: 'set them in the environment; AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL count, too',
    };
  const unfit = unfitVariable(env);
  if (unfit) return { ...unfit, message: `--to ${to}: ${unfit.message}` };
  if (isInstalled('aws4fetch')) return undefined;
  return { message: `--to ${to}: the package aws4fetch is not installed`, hint: 'npm i aws4fetch' };
}

/** What would fail later, with a text of somebody else's that shows it. Nothing of it is told. */
function unfitVariable(env: Readonly<Record<string, string | undefined>>): Problem | undefined {
  const spaced = [...S3_VARIABLES, 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_DEFAULT_REGION'].find((name) =>
    /[^\x21-\x7e]/.test(env[name] ?? ''),
  );
  if (spaced !== undefined)
    return { message: `${spaced} has a space, a line end or no ASCII`, hint: 'set it without' };
  const name = env.AWS_ENDPOINT_URL_S3 ? 'AWS_ENDPOINT_URL_S3' : 'AWS_ENDPOINT_URL';
  const endpoint = env[name];
  if (!endpoint) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && (url.username !== '' || url.password !== ''))
    return {
      message: `${name} has a user or a password in it, which S3 does not take`,
      hint: 'keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return undefined;
  return { message: `${name} is no address of a server`, hint: 'as in https://minio.example.com:9000' };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** From the first colon behind the scheme to the last `@`: a password may have any signs in it. */
function withoutPassword(to: string): string {
  return to.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^:]*):(?!\/\/).*@/is, '$1@');
}
