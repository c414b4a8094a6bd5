import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import type { ObservedService, ServiceDesired } from './service.ts';

/** Reads what both managers share: the record, the digests on disk, a bootstrap file left behind. */
export function probeCommon(desired: ServiceDesired): Sh {
  const { record, loads, bootstrap } = desired;
  const digests = loads.map(({ path }) => sh`printf 'disk %s\n' "$(q_sha256 ${path} 2>/dev/null)"`);
  return sh`if [ -f ${record} ]; then sed 's/^/record /' ${record}; fi
${joinSh(digests)}
if [ -f ${bootstrap.path} ]; then echo bootstrap; fi`;
}

export function parseCommon(
  out: string,
  desired: ServiceDesired,
): Pick<ObservedService, 'record' | 'onDisk' | 'bootstrapLeft'> {
  const lines = out.split('\n');
  const after = (prefix: string) =>
    lines
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length).split(' ')[0] ?? '');
  const record = after('record ');
  return {
    record: record.length === desired.loads.length ? record : undefined,
    onDisk: after('disk '),
    bootstrapLeft: lines.includes('bootstrap'),
  };
}

/** Puts the bootstrap file round a start: there before it, gone once the service is ready. */
export function bootstrapApply(desired: ServiceDesired, start: Sh | undefined): readonly Sh[] {
  const { path, content } = desired.bootstrap;
  const write =
    start && content !== undefined ? [sh`printf %s ${content} | q_write ${path} 0600 '' '' || exit 1`] : [];
  return [...write, ...(start ? [start] : []), sh`rm -f -- ${path}`];
}
