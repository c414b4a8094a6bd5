import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import { clusterName } from '../../model/cluster.ts';

/** `--cluster NAME`, for playbooks that are about one cluster. */
export const CLUSTER_FLAG = {
  name: 'cluster',
  type: 'string',
  placeholder: 'NAME',
  description: 'the cluster that is meant, where the inventory has several',
} as const;

/** No cluster, or one too many, is chosen: before any contact. */
export function clusterProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  const names = [...new Set(hosts.map(({ vars }) => clusterName(vars)))];
  const { cluster } = first.vars;
  if (cluster === undefined && names.length > 1) {
    return wrong(
      `the hosts are of ${names.length} clusters: ${names.join(', ')}`,
      'choose one with --cluster',
    );
  }
  if (cluster !== undefined && !names.includes(String(cluster))) {
    return wrong(`--cluster ${cluster}: the inventory has ${names.join(', ')}`, 'choose one of those');
  }
  return [];
}

/** Whether a host is of the cluster that was chosen, or of the only one. */
export function isOfCluster({ vars }: { readonly vars: Vars }): boolean {
  return vars.cluster === undefined || clusterName(vars) === vars.cluster;
}
