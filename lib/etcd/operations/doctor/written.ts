import { hostPort } from '../../model/cluster.ts';
import type { CauseId } from './causes.ts';
import type { Evidence } from './evidence.ts';
import type { Clue } from './measured.ts';
import { causeOfLine, excerpt } from './signatures.ts';

/** What a journal or etcdctl says. */
export interface Written extends Clue {
  /** Who wrote it. */
  readonly from: string;
  readonly host: string;
  /** The line names the host, which is else the one that wrote it. */
  readonly isAbout: boolean;
}

/** What members wrote and what their etcdctl was told, but for what `measured` shows to be over. */
export function writtenClues(all: readonly Evidence[], measured: readonly Clue[]): readonly Written[] {
  return all
    .flatMap((one) => [...ofAnswer(one), ...ofJournal(one, all)])
    .filter((clue) => !isPast(clue, measured, all));
}

/** What a member's own etcdctl was told instead of an answer. */
function ofAnswer({ member: { host }, facts: { reading } }: Evidence): readonly Written[] {
  const lines = (reading?.said ?? '').split('\n');
  return lines.flatMap((line) => {
    const cause = causeOfLine(line);
    if (cause === undefined) return [];
    return { cause, from: host, host, isAbout: true, evidence: `${host}, etcdctl: ${excerpt(line.trim())}` };
  });
}

/** A journal tells of a time; what was measured just now, and is well, is over. */
function isPast(
  { cause, host, isAbout }: Written,
  measured: readonly Clue[],
  all: readonly Evidence[],
): boolean {
  const one = all.find(({ member }) => member.host === host);
  if (one === undefined || measured.some((clue) => clue.cause === cause)) return false;
  switch (cause) {
    case 'san':
      // A name that is no member's is a client's matter, and not measured.
      return isAbout && one.certificates.length === 2;
    case 'expired':
    case 'wrong-ca':
    case 'key-usage':
      return all.every(({ certificates }) => certificates.length === 2);
    case 'clock':
      return all.every(({ facts }) => facts.host.clock !== undefined);
    case 'filtered':
    case 'refused': {
      const seen = all.flatMap(({ ports }) => ports).filter(({ to }) => to === host);
      return seen.length > 0 && !seen.some(({ state }) => state === cause);
    }
    case 'no-quorum':
      return all.filter(({ facts }) => facts.reading?.healthy).length > all.length / 2;
    default:
      return false;
  }
}

/** `from` is whose journal it is, `host` whom the line is about. */
function ofJournal({ member, journal }: Evidence, all: readonly Evidence[]): readonly Written[] {
  return journal.map(({ cause, count, line }) => {
    const subject = subjectOf(cause, line, all);
    return {
      cause,
      from: member.host,
      host: subject ?? member.host,
      isAbout: subject !== undefined,
      evidence: `${member.host}, journal${count > 1 ? `, ${count} times` : ''}: ${excerpt(line)}`,
    };
  });
}

/** The member that a line is about: whose address it names as the other end, or as the name that is missing. */
function subjectOf(cause: CauseId, line: string, all: readonly Evidence[]): string | undefined {
  const about: readonly CauseId[] = ['filtered', 'refused', 'san', 'rejected', 'clock'];
  if (!about.includes(cause)) return undefined;
  const missing = cause === 'san' ? /, not ([^\s",]+)/.exec(line)?.[1] : undefined;
  const found = all.filter(({ member: { address, peerAddress, clientPort, peerPort } }) =>
    missing === undefined
      ? names(line, hostPort(address, clientPort)) || names(line, hostPort(peerAddress, peerPort))
      : missing === address || missing === peerAddress,
  );
  return found.length === 1 ? found[0]?.member.host : undefined;
}

/** `10.0.0.1:2380` is not named by `110.0.0.1:23801`. */
function names(line: string, endpoint: string): boolean {
  const at = line.indexOf(endpoint);
  return at >= 0 && !/[\w.]/.test(line[at - 1] ?? '') && !/\d/.test(line[at + endpoint.length] ?? '');
}
