import { MARK } from '../../../dsl/probe.ts';
import { isUp } from '../../facts/index.ts';
import { refusal } from '../../refusal.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { progressFacts, type RestorePlace } from './shell.ts';
import type { Progress } from './steps.ts';

/** Reads how far a host has come. Throws 3 where nothing on it could restore. */
export async function readProgress(host: EtcdHost, place: RestorePlace): Promise<Progress> {
  const { out } = await host.read('looking how far it has come', progressFacts(place));
  const { tool, ...progress } = progressOf(host, out);
  if (!tool)
    throw refusal({ host: host.target.name }, `neither etcdutl nor etcdctl is in ${place.member.binDir}`);
  return progress;
}

/** Takes apart what `progressFacts` printed, among other lines. */
export function progressOf(
  { target: { name, facts } }: EtcdHost,
  out: string,
): Progress & { readonly tool: boolean } {
  const is = (what: string) => new RegExp(`^${MARK}${what}$`, 'm').test(out);
  const status = facts.reading?.status;
  return {
    host: name,
    tool: new RegExp(`^${MARK}tool /`, 'm').test(out),
    prepared: is('prepared'),
    placed: is('placed'),
    up: isUp(facts),
    healthy: facts.reading?.healthy === true,
    leads: status !== undefined && status.leaderId === status.memberId,
    closed: is('closed'),
  };
}
