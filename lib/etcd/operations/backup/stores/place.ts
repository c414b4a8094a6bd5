import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { hostOf } from '../../../../addresses.ts';
import { commandLine } from '../../../../command-line.ts';
import type { PlayRun } from '../../../../dsl/play.ts';
import type { Store } from '../../../../dsl/source/store.ts';
import { folderStore } from './folder.ts';

/** Environment variables without which S3 lets nobody in; they are never on a command line. */
const S3_VARIABLES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

type Environment = Readonly<Record<string, string | undefined>>;

interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with a place that copies are to go to, and what to do about it; undefined where nothing is. */
export function placeProblem(to: string, env: Environment = process.env): Problem | undefined {
  if (to.trim() === '')
    return { message: '--to is empty: it names no place', hint: 'is a variable of the shell not set?' };
  return ofFlag('--to', to, addressProblem(to, env));
}

/** The same of one copy in such a place: `--from sftp://…/FILE`. */
export function storedFileProblem(from: string, env: Environment = process.env): Problem | undefined {
  return ofFlag('--from', from, addressProblem(from, env) ?? noFileProblem(from));
}

/** A copy is named by where it lies, behind a protocol. */
export function isStoredFile(from: string): boolean {
  const kind = kindOf(from);
  return kind === 'sftp' || kind === 's3';
}

/** `sftp://host/srv/x.db` is `x.db` in `sftp://host/srv/`. */
export function splitFile(from: string): { readonly place: string; readonly file: string } {
  const at = from.lastIndexOf('/') + 1;
  const [place, name] = [from.slice(0, at), from.slice(at)];
  return { place, file: kindOf(from) === 'sftp' ? (decoded(name) ?? name) : name };
}

function ofFlag(flag: string, given: string, problem: Problem | undefined): Problem | undefined {
  return problem && { ...problem, message: `${flag} ${withoutPassword(given)}: ${problem.message}` };
}

function addressProblem(to: string, env: Environment): Problem | undefined {
  switch (kindOf(to)) {
    case 'folder':
      return undefined;
    case 'sftp':
      return sftpProblem(to);
    case 's3':
      return s3Problem(to, env);
    default:
      return {
        message:
          'copies lie in a folder of this machine, in sftp://user@host/folder or in s3://bucket/prefix',
        hint: 'mount it here, or send what lies in the folder on from there',
      };
  }
}

function noFileProblem(from: string): Problem | undefined {
  if (/\.db(\.age)?$/.test(splitFile(from).file)) return undefined;
  return {
    message: 'this names no snapshot: a file is wanted that ends in .db or .db.age',
    hint: `${commandLine('backup')} --list --to ${splitFile(from).place.replace(/(.)\/$/, '$1')} shows what is there`,
  };
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
      message: 'a password in a command line can be read by others',
      hint: 'let a key of yours in there',
    };
  if (url && [url.pathname, url.username].some((part) => decoded(part) === undefined))
    return { message: 'a % in it is not an escape of two hex digits', hint: 'write %25 for the sign itself' };
  if (url && url.hostname !== '' && url.pathname.length > 1 && url.search === '' && url.hash === '')
    return undefined;
  return {
    message: 'this is not a folder of a host',
    hint: 'as in sftp://backup@host/srv/backups, or sftp://backup@host:2222/~/backups below its home',
  };
}

/** A prefix is taken as it stands; `?`, `#` and `\` in one are slips more often than meant. */
function s3Problem(to: string, env: Environment): Problem | undefined {
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+[a-z0-9](\/[^?#\\\p{Cc}]*)?$/iu.test(to))
    return {
      message: 'this is not a bucket, with or without a prefix',
      hint: 'as in s3://bucket/etcd/prod; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  if (to.split('/').some((part) => part === '.' || part === '..'))
    return {
      message: '. and .. in a prefix would lead to another one, or to another bucket',
      hint: 'write the prefix as it is in the bucket',
    };
  const missing = S3_VARIABLES.filter((name) => !env[name]);
  if (missing.length > 0)
    return {
      message: `${missing.join(' and ')} not set`,
      hint: 'set them in the environment, those of a profile by aws configure export-credentials --format env; AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL count, too',
    };
  const unfit = unfitVariable(env);
  if (unfit) return unfit;
  if (isInstalled('aws4fetch')) return undefined;
  return { message: 'the package aws4fetch is not installed', hint: 'npm i aws4fetch' };
}

/** What would fail later, with a text of somebody else's that shows it. Nothing of it is told. */
function unfitVariable(env: Environment): Problem | undefined {
  const spaced = [...S3_VARIABLES, 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_DEFAULT_REGION'].find((name) =>
    /[^\x21-\x7e]/.test(env[name] ?? ''),
  );
  if (spaced !== undefined)
    return { message: `${spaced} has a space, a line end or no ASCII`, hint: 'set it without' };
  return endpointProblem(env) ?? styleProblem(env);
}

function endpointProblem(env: Environment): Problem | undefined {
  const { name, endpoint } = endpointOf(env);
  if (!endpoint) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && (url.username !== '' || url.password !== ''))
    return {
      message: `${name} has a user or a password in it, which S3 does not take`,
      hint: 'keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    };
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return undefined;
  return { message: `${name} is not an address of a server`, hint: 'as in https://minio.example.com:9000' };
}

function styleProblem(env: Environment): Problem | undefined {
  const style = env.AWS_S3_ADDRESSING_STYLE;
  if (!style || style === 'path') return undefined;
  if (style !== 'virtual')
    return {
      message: 'AWS_S3_ADDRESSING_STYLE is neither path nor virtual',
      hint: 'path has the bucket in the path, virtual in front of the name of the host',
    };
  const { name, endpoint } = endpointOf(env);
  if (!endpoint || isIP(hostOf(endpoint)) === 0) return undefined;
  return {
    message: `AWS_S3_ADDRESSING_STYLE is virtual, and ${name} has an IP address: no bucket goes in front of that`,
    hint: 'name the host, or set it to path',
  };
}

function endpointOf(env: Environment): { readonly name: string; readonly endpoint: string | undefined } {
  const name = env.AWS_ENDPOINT_URL_S3 ? 'AWS_ENDPOINT_URL_S3' : 'AWS_ENDPOINT_URL';
  return { name, endpoint: env[name] };
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

/** From the first colon after the scheme to the last `@`: a password may have any signs in it. */
function withoutPassword(to: string): string {
  return to.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^:]*):(?!\/\/).*@/is, '$1@');
}
