import type { PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { type Alarm, lastLine } from '../../facts/etcdctl/answers.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { etcdctl } from './etcdctl.ts';

/** Alarms, and the members that there are. */
interface Known {
  readonly alarms?: readonly Alarm[];
  readonly members?: readonly { readonly id: string }[];
}

/** Alarms of members that are none any more. They outlive those, and lie in the data: a snapshot brings them along. */
export function strayAlarms({ alarms = [], members = [] }: Known): readonly Alarm[] {
  return members.length === 0
    ? []
    : alarms.filter(({ memberId }) => !members.some(({ id }) => id === memberId));
}

/**
 * Takes them back, through the member of this host; true where that was done. etcdctl takes back all or none, so all stay
 * where a living member has raised one.
 */
export async function takeBackAlarms(
  run: PlayRun<EtcdFacts>,
  host: EtcdHost,
  known: Known,
  nameOf: (id: string) => string = (id) => id,
): Promise<boolean> {
  const strays = strayAlarms(known);
  if (strays.length === 0 || strays.length < (known.alarms ?? []).length) return false;
  const { code, out } = await host.act('taking back alarms', etcdctl(host, sh`q_etcdctl alarm disarm`));
  const what = code === 0 ? 'taken back' : `not taken back (${lastLine(out)})`;
  for (const { memberId, alarm } of strays)
    run.log('info', `alarm ${alarm} of ${nameOf(memberId)}, which is not a member any more: ${what}`);
  return code === 0;
}
