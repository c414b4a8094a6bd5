import { EXIT, QuorateError } from '../../errors.ts';
import { causeOf } from './causes.ts';
import type { Diagnosis } from './diagnose.ts';

/** Lines of evidence that are shown of one cause. */
const MOST = 6;

/** A diagnosis as people see it: the cause, what speaks for it, and the next command. */
export function reportDiagnosis({ cause, hosts, evidence }: Diagnosis, afterOthers: boolean): QuorateError {
  const { title, next, follows } = causeOf(cause);
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
      hint: `next: ${next.replaceAll('HOST', host ?? 'HOST')}`,
      ...(hosts.length === 1 && host !== undefined && { host }),
    },
  );
}
