import type { Vars } from '../../../dsl/role.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { clusterName, isLocal } from '../../model/cluster.ts';

export interface Consent {
  readonly check: boolean;
  readonly yes: boolean;
  /** The value of `--cluster`. */
  readonly cluster: string | undefined;
}

/**
 * What `destroy` asks for before it contacts any host: consent and, away from this machine, the cluster's name. A name
 * that is given must be right in any case. A check needs neither.
 */
export function requireConsent(
  hosts: readonly { readonly vars: Vars }[],
  { check, yes, cluster }: Consent,
): void {
  const names = [...new Set(hosts.map(({ vars }) => clusterName(vars)))];
  const [name = ''] = names;
  if (cluster !== undefined && names.some((one) => one !== cluster)) {
    const found =
      names.length === 1
        ? `the cluster of this inventory is ${name}`
        : `its hosts are of ${names.join(', ')}`;
    throw wrong(`--cluster ${cluster}: ${found}`, 'name the inventory with -i, and the hosts with --limit');
  }
  if (check) return;
  if (!yes) throw wrong('destroy takes the cluster down for good', 'say so with --yes');
  if (hosts.every(({ vars }) => isLocal(vars))) return;
  if (names.length !== 1) {
    throw wrong(
      `the hosts belong to ${names.length} clusters: ${names.join(', ')}`,
      'choose one with --limit',
    );
  }
  if (cluster === undefined) {
    throw wrong(`destroy wants the name of the cluster, which is ${name}`, `--cluster ${name}`);
  }
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}
