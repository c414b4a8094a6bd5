import { commandLine } from '../../../command-line.ts';
import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import { clusterOf, hostCalled } from '../../model/cluster.ts';
import { CLUSTER_FLAG, isOfCluster } from '../common/cluster-flag.ts';

/** The verb. */
export const VERB = 'recover';

export const RECOVER_FLAGS = [
  CLUSTER_FLAG,
  {
    name: 'from',
    type: 'string',
    placeholder: 'HOST',
    description: 'rebuild the cluster from the data of this host; without it, show the choices',
  },
  {
    name: 'lost',
    type: 'string',
    placeholder: 'HOST,…',
    description: 'hosts that have data, but whose members cannot be repaired',
  },
] as const;

/** What it heads for, as the hosts remember it. */
export function targetOf(from: string): string {
  return `data of ${from}`;
}

/** The host that this target is about. */
export function fromOf(target: string): string {
  return target.slice(targetOf('').length);
}

/** What the flags say. */
export function wordsOf([first]: readonly { readonly target: HostData }[]) {
  const { from, lost } = first?.target.vars ?? {};
  const members = first === undefined ? [] : clusterOf(first.target).members;
  const hostOf = (word: string) => hostCalled(word.trim(), members) ?? word.trim();
  return {
    from: typeof from === 'string' ? hostOf(from) : undefined,
    lost: typeof lost === 'string' ? lost.split(',').filter(Boolean).map(hostOf) : [],
  };
}

/** What is wrong with the command line. */
export function flagProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const own = hosts.filter(isOfCluster);
  const [first] = own;
  if (first === undefined) return [];
  const names = own.map(({ name }) => name);
  const { from, lost } = wordsOf([{ target: first }]);
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  if (from !== undefined && /[/]|\.db$/.test(from)) {
    return wrong(
      `--from ${from}: a host of the cluster is wanted`,
      `a snapshot is restored: ${commandLine('restore')} --from ${from}`,
    );
  }
  const unknown = [...(from === undefined ? [] : [from]), ...lost].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    return wrong(`no host of the cluster is called ${unknown.join(', ')}`, `it has ${names.join(', ')}`);
  }
  if (from !== undefined && lost.includes(from))
    return wrong(`--lost and --from both name ${from}`, 'choose one of them');
  return [];
}
