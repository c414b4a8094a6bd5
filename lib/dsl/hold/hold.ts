import { hostname } from 'node:os';
import { whoami } from '../../whoami.ts';
import { runId } from '../common/run-id.ts';
import { type Sh, sh } from '../shell/sh.ts';

/** Who has a host, or a cluster, for the moment: a run by its lock, or a person by a hold. */
export interface Holder {
  readonly runId: string;
  /** `anna@ops1` */
  readonly who: string;
  /** RFC 3339. */
  readonly since: string;
  /** For a run: its command line. */
  readonly command?: string;
  /** Why, in words. */
  readonly message?: string;
}

/** The file, among the records of a host, by which a person keeps everybody's runs off; it stays until it is released. */
export function holdFile(stateDir: string): string {
  return `${stateDir}/hold`;
}

/**
 * Shell that sets `$q_owner` to `PID:BORN:WHO` of the run that has the host, and `$q_who` to its `WHO`; `$q_owner` is empty
 * where there is none, or its process is gone: then the lock holds nobody off.
 */
export function readLock(stateDir: string): Sh {
  return sh`q_owner=$(readlink ${`${stateDir}/lock`}) && q_rest=\${q_owner#*:} && q_who=\${q_rest#*:} && q_lives "\${q_owner%%:*}" "\${q_rest%%:*}" || q_owner=`;
}

/** Bytes of a reason, and of a command, that are kept: who is refused reads all of them, and a link of XFS takes 1,024. */
const LONG = 300;

/** Ourselves, from now on. */
export function asHolder({ command, message }: Pick<Holder, 'command' | 'message'>): Holder {
  return {
    runId: runId(),
    who: `${whoami()}@${hostname()}`,
    since: new Date().toISOString(),
    ...(command !== undefined && { command: short(command) }),
    ...(message !== undefined && { message: short(message) }),
  };
}

function short(text: string, most = LONG): string {
  const bytes = Buffer.from(text);
  // What was cut in the middle of a letter is left out.
  return bytes.length > most ? `${bytes.toString('utf8', 0, most).replace(/\ufffd$/, '')}…` : text;
}

/**
 * Reads a line of JSON that a `Holder` was written as; undefined for anything else. Its texts come on one line each, and
 * no longer than we write them: whoever can write that file could else print a recap of their own.
 */
export function parseHolder(line: string): Holder | undefined {
  try {
    const found = JSON.parse(line) as Record<string, unknown>;
    const text = (name: string) => {
      const said = found[name];
      return typeof said === 'string' ? short(said, 2 * LONG).replaceAll(/\s+/g, ' ') : undefined;
    };
    const [id, who, since, command, message] = ['runId', 'who', 'since', 'command', 'message'].map(text);
    if (id === undefined || who === undefined || since === undefined) return undefined;
    return { runId: id, who, since, ...(command && { command }), ...(message && { message }) };
  } catch {
    return undefined;
  }
}

/** Who holds a host by hand; undefined: its file names nobody, as one that was cut on a full disk. */
export function holdSaid(holder: Holder | undefined): string {
  return holder === undefined
    ? 'on hold, its file names nobody'
    : `on hold by ${holder.who}; ${holderSaid(holder)}`;
}

/** `run 20261127T101500Z-1a2b3c since 2026-11-27 10:15:00 UTC: site -i prod.yaml: disk swap` */
export function holderSaid({ runId: id, since, command, message }: Holder): string {
  const when = since.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');
  return [`run ${id} since ${when}`, command, message].filter(Boolean).join(': ');
}
