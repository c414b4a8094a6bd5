import { commandLine } from '../../../command-line.ts';
import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { CLUSTER_FLAG, isOfCluster } from '../common/cluster-flag.ts';

/** The verb. */
export const VERB = 'recover';

export const RECOVER_FLAGS = [
  CLUSTER_FLAG,
  {
    name: 'from',
    type: 'string',
    placeholder: 'HOST',
    description: 'the host whose data the cluster is made of again; without it the choices are shown',
  },
  {
    name: 'lost',
    type: 'string',
    placeholder: 'HOST,…',
    description: 'hosts that have data, and whose members are beyond repair all the same',
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
export function wordsOf([first]: readonly Pick<EtcdHost, 'target'>[]) {
  const { from, lost } = first?.target.vars ?? {};
  return {
    from: typeof from === 'string' ? from : undefined,
    lost: typeof lost === 'string' ? lost.split(',').filter(Boolean) : [],
  };
}

/** What is wrong with the command line. */
export function flagProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const names = hosts.filter(isOfCluster).map(({ name }) => name);
  const { from, lost } = wordsOf([{ target: first as EtcdHost['target'] }]);
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
