import { parsePath } from '../../dsl/path.ts';
import { type Probe, partsOf, probe } from '../../dsl/probe.ts';
import { type Sh, sh } from '../../dsl/sh.ts';
import type { ObservedService, ServiceDesired } from './index.ts';

/** Reads what both managers share (record, digests on disk, a bootstrap file left behind), then `own`. */
export function serviceProbe({ record, loads, bootstrap }: ServiceDesired, own: Sh): Probe {
  return probe(
    [
      { path: record, how: 'text' },
      { path: bootstrap.path, how: 'stat' },
      ...loads.map(({ path }) => ({ path, how: 'digest' as const })),
    ],
    own,
  );
}

/** What the manager's own part printed. */
export function ownPart(out: string): string {
  return partsOf(out).at(-1) ?? '';
}

export function parseCommon(
  out: string,
  desired: ServiceDesired,
): Pick<ObservedService, 'record' | 'onDisk' | 'bootstrapLeft'> {
  const [record, bootstrap, ...onDisk] = partsOf(out).map((part) => parsePath({ code: 0, out: part }));
  const digests = (record?.text ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ')[0] ?? '');
  return {
    record: digests.length === desired.loads.length ? digests : undefined,
    onDisk: onDisk.slice(0, desired.loads.length).map((path) => path?.sha256 ?? ''),
    bootstrapLeft: bootstrap !== undefined,
  };
}

/**
 * Puts the bootstrap file round a start: there before it, gone once the service is ready. So is what a killed run had
 * begun to write of it: by the next one the others may have formed the cluster, and nobody writes it again.
 */
export function bootstrapApply(desired: ServiceDesired, start: Sh | undefined): readonly Sh[] {
  const { path, content } = desired.bootstrap;
  const write =
    start && content !== undefined ? [sh`printf %s ${content} | q_write ${path} 0600 '' '' || exit 1`] : [];
  return [...write, ...(start ? [start] : []), sh`q_drop ${path}`];
}
