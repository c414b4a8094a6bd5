import type { PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { readAnswer } from '../../facts/etcdctl/answers.ts';
import type { ClusterFacts, EtcdFacts } from '../../facts/index.ts';
import { judgeCluster } from '../../health/judge.ts';
import { must, mustSay } from '../../must.ts';
import { stopMember } from '../../power.ts';
import { refusal } from '../../refusal.ts';
import { type EtcdHost, type Surveyed, toolVersion } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { openInTurn } from '../common/open-turn.ts';
import { keptIn, nextDir, openToClients, type RestorePlace, startClosed } from '../restore/shell.ts';
import { emptyPlace, placeData, takeBack } from '../restore/swap.ts';
import { askRestored } from '../restore/whole.ts';
import { VERB } from './flags.ts';
import { copyData, copyDir, gather } from './shell.ts';
import { receiveSegment, wholeEnd } from './sources.ts';
import type { RecoverKind } from './steps.ts';
import { commitAll } from './wal.ts';

/** What a step has at hand. */
export interface AtHand {
  readonly run: PlayRun<EtcdFacts>;
  /** The hosts that are reached, and the cluster that they are to be. */
  readonly surveyed: Surveyed;
  readonly survivor: EtcdHost;
  readonly facts: ClusterFacts;
  placeOf(host: EtcdHost): RestorePlace;
  /** The run that has set the survivor's own data aside, where another one was the survivor. */
  readonly kept: string | undefined;
}

/** Seconds that all data of a member may take to be read and written. */
const LONG = 1800;

/** Does what a step says. Throws where it is not done. */
export async function recoverStep(
  kind: Exclude<RecoverKind, 'grow'>,
  name: string,
  atHand: AtHand,
): Promise<void> {
  const { run, surveyed } = atHand;
  const host = surveyed.hosts.find(({ target }) => target.name === name);
  if (host === undefined) throw new Error(`${name} was not reached`);
  const place = atHand.placeOf(host);
  switch (kind) {
    case 'stop':
      return must(host, 'stopping etcd', stopMember(place.member));
    case 'back':
      return must(host, 'putting its own data back', takeBack({ ...place, run: atHand.kept ?? place.run }));
    case 'gather':
      return gatherOn(host, place, atHand);
    case 'place':
    case 'empty':
      await must(host, 'setting the old data aside', kind === 'place' ? placeData(place) : emptyPlace(place));
      if (host.target.facts.data === 'present')
        run.log('info', `${name}: its old data is kept in ${keptIn(place)}`);
      return;
    case 'start':
      return must(host, 'starting etcd', startClosed(place.member));
    case 'wait':
      return waitFor(host, atHand);
    case 'open':
      return openInTurn(atHand.run, atHand.surveyed, host, (one) =>
        must(one, 'opening it to clients', openToClients(atHand.placeOf(one))),
      );
  }
}

/** All that is in the log counts: what was acknowledged is among it, and nobody who could tell the rest is left. */
async function gatherOn(host: EtcdHost, place: RestorePlace, { run, surveyed }: AtHand): Promise<void> {
  const { name, facts } = host.target;
  const copied = await mustSay(host, 'copying its data', copyData(place), {
    seconds: LONG,
    grows: sh`${copyDir(place)}`,
  });
  const segment = /^log (\S+)$/m.exec(copied)?.[1] ?? '';
  const end = wholeEnd(segment, await receiveSegment(host, place, segment, { copied: true }));
  if (typeof end === 'string')
    throw refusal(
      { host: name },
      end,
      `choose another host: ${verbLine(VERB, surveyed.cluster, '--from', 'HOST')}; or restore a snapshot: ${verbLine('restore', surveyed.cluster, '--from', 'FILE')}`,
    );
  const log = { segment, end: end.end, record: commitAll(end), last: end.last };
  const out = await mustSay(host, 'making one member of it', gather(place, surveyed.cluster.name, log), {
    seconds: LONG,
    grows: sh`${nextDir(place)}`,
  });
  const read = readAnswer(
    'endpoint status',
    { code: 0, out: /^gathered (.*)$/m.exec(out)?.[1] ?? '', err: '' },
    toolVersion(host),
  );
  const before = facts.reading?.status?.revision;
  if ('unanswered' in read)
    return run.log('info', `${name}: what is made of it answers: ${read.unanswered.said}`);
  const { revision } = read.value;
  const more =
    before !== undefined && revision > before ? `, ${revision - before} of them from its raft log` : '';
  run.log('info', `${name}: what is made of it has revision ${revision}${more}`);
}

/** By itself, or with those that have joined: the others have nothing yet. */
async function waitFor(host: EtcdHost, { run, surveyed }: AtHand): Promise<void> {
  const { cluster } = surveyed;
  const hosts = surveyed.hosts.filter((one) => one === host || one.target.facts.data === 'present');
  const names = hosts.map(({ target }) => target.name);
  const members = cluster.members.filter(({ host: name }) => names.includes(name));
  const findings = judgeCluster(await askRestored(run, { cluster: { ...cluster, members }, hosts }));
  if (findings.length === 0) return;
  const lines = findings.map(({ message }) => `  ${message}`);
  throw refusal(cluster, ['it does not work, and stays closed to clients:', ...lines].join('\n'));
}
