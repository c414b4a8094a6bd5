import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PlayRun, Strategy } from '../../../dsl/play.ts';
import type { FactSource, HostData } from '../../../dsl/role.ts';
import { joinSh, sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { type EtcdFacts, etcdFacts, ORDINARY } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { clustersOf, foreign, refuse } from '../../survey/survey.ts';
import { etcdStrategy } from '../site/strategy.ts';

/** Facts of a host that is to be emptied. */
export interface DestroyFacts extends EtcdFacts {
  /**
   * Paths, and `user:NAME`, that runs have put there and no other service of ours on the host needs;
   * undefined without records.
   */
  readonly manifest: readonly string[] | undefined;
}

export const destroyFacts: FactSource<DestroyFacts> = {
  ordinary: { ...ORDINARY, manifest: [] },
  probe: (host) =>
    joinSh([
      etcdFacts.probe(host),
      sh`echo ==manifest; cat "$q_state/manifest" 2>/dev/null
echo ==others
for q_file in "\${q_state%/*}"/*/manifest; do
  if [ "$q_file" != "$q_state/manifest" ]; then cat "$q_file" 2>/dev/null; fi
done`,
    ]),
  parse(reading, host) {
    const [head = '', manifest = '', others = ''] = reading.out.split(/^==(?:manifest|others)$/m);
    const facts = etcdFacts.parse({ ...reading, out: head }, host);
    const shared = new Set(others.split('\n'));
    const lines = manifest.split('\n').filter((line) => line !== '' && !shared.has(line));
    return { ...facts, manifest: facts.owner === undefined ? undefined : lines };
  },
};

/** All hosts side by side: what goes away needs no turns. In the end what control keeps is put aside, too. */
export const destroyStrategy: Strategy<DestroyFacts> = {
  scope: etcdStrategy.scope,
  async survey(run) {
    for (const surveyed of clustersOf(run)) refuse(foreign(surveyed));
  },
  async converge(run) {
    const done = await run.each(run.hosts, (host) => host.apply(() => true));
    if (done.length === run.hosts.length && run.unreachable.length === 0) await putAside(run);
  },
};

/** Suffix of what is set aside: the time, sortable, without characters that need quoting. */
export function asideSuffix(now = new Date()): string {
  return `destroyed-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}

/** Data and CA go, too: with `--purge`, and on this machine alone, where a cluster is a throw-away. */
export function purges(host: HostData): boolean {
  return host.vars.purge === true || memberOf(host).manager === 'process';
}

/** A local cluster and goes whole; any other keeps its CA under another name. */
async function putAside(run: PlayRun<DestroyFacts>): Promise<void> {
  for (const { cluster, hosts } of clustersOf(run)) {
    if (hosts.some((host) => !host.selected)) continue;
    const { controlDir } = cluster;
    const exists = await readdir(controlDir).catch(() => undefined);
    if (!exists) continue;
    if (hosts.every((host) => purges(host.target))) {
      await rm(controlDir, { recursive: true, force: true });
      // The folder of all clusters goes with the last one.
      await rmdir(dirname(controlDir)).catch(() => {});
    } else {
      const aside = `${controlDir}.${asideSuffix()}`;
      await rename(controlDir, aside);
      run.log('info', `the CA and its certificates are kept in ${aside}`);
    }
  }
}

/** What `destroy` asks for before it touches anything: consent, and away from this machine the name. */
export function requireConsent(
  hosts: readonly { readonly name: string; readonly vars: Readonly<Record<string, unknown>> }[],
  consent: { readonly yes: boolean; readonly cluster: string | undefined },
): void {
  const names = new Set(hosts.map((host) => memberOf({ ...host, hostvars: {} }).cluster));
  const local = hosts.every((host) => memberOf({ ...host, hostvars: {} }).manager === 'process');
  const refuse = (message: string, hint: string) => new QuorateError(message, { exitCode: EXIT.usage, hint });
  if (!consent.yes) throw refuse('destroy takes the cluster down for good', 'say so with --yes');
  if (local) return;
  const [name = ''] = names;
  if (names.size !== 1) {
    throw refuse(
      `the hosts belong to ${names.size} clusters: ${[...names].join(', ')}`,
      'choose one with --limit',
    );
  }
  if (consent.cluster !== name) {
    throw refuse(
      consent.cluster === undefined
        ? `destroy wants the name of the cluster, which is ${name}`
        : `--cluster ${consent.cluster}: the cluster of this inventory is ${name}`,
      `--cluster ${name}`,
    );
  }
}
