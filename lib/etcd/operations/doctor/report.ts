import { EXIT, QuorateError } from '../../../errors.ts';
import { causeOf } from './causes/index.ts';
import type { Diagnosis } from './diagnose.ts';
import { DOCTOR } from './remedies.ts';

/** Lines of evidence that are shown of one cause. */
const MOST = 6;

/** What stands around a diagnosis. */
export interface Setting {
  /** Another cause was told before. */
  readonly afterOthers: boolean;
  /** A run is at work: `alice@laptop (pid 812 on etcd01)`. */
  readonly holder?: string | undefined;
}

/** A diagnosis as people see it: the cause, what speaks for it, and the next steps, one a line. */
export function reportDiagnosis(
  { cause, hosts, evidence, remedy }: Diagnosis,
  { afterOthers, holder }: Setting,
): QuorateError {
  const { title, follows } = causeOf(cause);
  const [host] = hosts;
  const more = evidence.length - MOST;
  const steps =
    holder === undefined ? remedy : [`wait for the run of ${holder}: this may be its doing`, DOCTOR];
  return new QuorateError(
    [
      `${hosts.length > 0 ? `${hosts.join(', ')}: ` : ''}${title}${follows && afterOthers ? ' (follows from the above)' : ''}`,
      ...evidence.slice(0, MOST).map(oneLine),
      ...(more > 0 ? [`and ${more} more`] : []),
      ...(holder === undefined ? [] : [`meanwhile a run is at work: ${holder}`]),
    ].join('\n'),
    {
      exitCode: EXIT.unhealthy,
      hint: `next: ${steps.map(oneLine).join('\nthen: ')}`,
      ...(hosts.length === 1 && host !== undefined && { host }),
    },
  );
}

/** What a host says cannot pass for a line of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ');
}
