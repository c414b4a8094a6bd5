import { EXIT, QuorateError } from '../../../errors.ts';
import { fromHere } from '../../../paths.ts';
import { hostPort, type Member } from '../../model/cluster.ts';
import { logFile } from '../../model/paths.ts';
import { causeOf } from './causes.ts';
import type { Diagnosis } from './diagnose.ts';

/** Lines of evidence that are shown of one cause. */
const MOST = 6;

/** Of the first host that a diagnosis is about: the member it carries, and what some member knows of it. */
export interface About {
  readonly member: Member;
  readonly id: string | undefined;
  /** Of the key space. */
  readonly revision: number | undefined;
}

/** A diagnosis as people see it: the cause, what speaks for it, and the next command. */
export function reportDiagnosis(
  { cause, hosts, evidence }: Diagnosis,
  afterOthers: boolean,
  about?: About,
): QuorateError {
  const { title, follows, next } = causeOf(cause);
  const [host] = hosts;
  const more = evidence.length - MOST;
  return new QuorateError(
    [
      `${hosts.length > 0 ? `${hosts.join(', ')}: ` : ''}${title}${follows && afterOthers ? ' (follows from the above)' : ''}`,
      ...evidence.slice(0, MOST),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join('\n'),
    {
      exitCode: EXIT.unhealthy,
      hint: `next: ${nextCommand(next, host, about)}`,
      ...(hosts.length === 1 && host !== undefined && { host }),
    },
  );
}

/** What the words in capitals stand for; a journal alone knows no host, so defaults take their place. */
function nextCommand(next: string, host: string | undefined, about: About | undefined): string {
  const member = about?.member;
  const words: Readonly<Record<string, string>> = {
    HOST: host ?? 'HOST',
    NAME: member?.name ?? 'NAME',
    ID: about?.id ?? 'ID',
    REVISION: String(about?.revision ?? 'REVISION'),
    SERVICE: member?.service ?? 'etcd',
    JOURNAL: journalCommand(member),
    DATA: member?.dataDir ?? '/var/lib/etcd/default.etcd',
    CERTS: member?.certDir ?? '/opt/etcd/ssl',
    CONFIG: member?.configDir ?? '/opt/etcd/cfg',
    PEER: member?.peerUrl ?? 'https://HOST:2380',
    ADDRESS: member ? hostPort(member.peerAddress, member.peerPort) : 'HOST:2380',
  };
  return next.replaceAll(/\b[A-Z]{2,}\b/g, (word) => words[word] ?? word);
}

/** The last lines that a member has written. */
export function journalCommand(member: Member | undefined): string {
  if (member?.manager === 'process') return `tail -n 50 ${fromHere(logFile(member))}`;
  return `journalctl -u ${member?.service ?? 'etcd'} -n 50`;
}
