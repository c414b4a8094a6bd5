import type { Vars } from '../../dsl/role.ts';
import type { QuorateError } from '../../errors.ts';
import { isTooNew, MINORS, securityFaults, securityWarning, unsafeReason } from '../model/versions.ts';
import { refusal } from '../refusal.ts';

/**
 * Refuses (3) a version that is newer than what is known here, and one with a known data bug unless it `isThere`
 * already; `etcd_allow_unsafe_version` on all hosts makes warnings of both. Published security faults are warned of.
 */
export function admission(
  cluster: { readonly name: string },
  version: string,
  hosts: readonly Vars[],
  isThere: boolean,
): { readonly problems: readonly QuorateError[]; readonly warnings: readonly string[] } {
  const refused = hosts.flatMap((vars) => versionRefusal(cluster, version, vars) ?? [])[0];
  if (refused !== undefined && (!isThere || isTooNew(version))) return { problems: [refused], warnings: [] };
  const settings = Object.assign({}, ...hosts.map(({ etcd_settings }) => etcd_settings));
  const faults = securityWarning(version, securityFaults(version, settings));
  const said = [objection(version)?.message, faults].filter((one) => one !== undefined);
  return { problems: [], warnings: said.map((one) => `${cluster.name}: etcd ${version} ${one}`) };
}

/** The refusal of a version that the variables do not allow; undefined where nothing is against it. */
export function versionRefusal(
  cluster: { readonly name: string },
  version: string,
  vars: Vars,
): QuorateError | undefined {
  const known = objection(version);
  if (known === undefined || vars.etcd_allow_unsafe_version === true) return undefined;
  return refusal(cluster, `etcd ${version} ${known.message}`, known.hint);
}

function objection(version: string): { readonly message: string; readonly hint: string } | undefined {
  if (isTooNew(version)) {
    const newest = MINORS.at(-1);
    return {
      message: `is newer than what is known here (${MINORS[0]} to ${newest}): its settings, answers and rules may be others`,
      hint: `choose a release of ${newest}, or set etcd_allow_unsafe_version: true`,
    };
  }
  const reason = unsafeReason(version);
  if (reason === undefined) return undefined;
  return { message: reason, hint: 'choose a later release, or set etcd_allow_unsafe_version: true' };
}
