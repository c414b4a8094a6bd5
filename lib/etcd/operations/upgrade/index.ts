import type { PlayProblem, PlayRun } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { pinnedDigest } from '../../model/pinned-digest.ts';
import { translateSettings } from '../../model/translate-settings.ts';
import { compareVersions } from '../../model/versions.ts';
import { must } from '../../must.ts';
import { refusal } from '../../refusal.ts';
import { snapshotStep } from '../../snapshots/index.ts';
import { versionRefusal } from '../../survey/admit-version.ts';
import { openIntent, openOf } from '../../survey/intents.ts';
import { survey } from '../../survey/survey.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { carryOut, type Settings } from './carry-out.ts';
import { fetchStops } from './fetch.ts';
import { dropPrograms } from './kept-programs.ts';
import { leaving35, refuseMarked, writeBehindJoins } from './marked-removed.ts';
import { refuseOthers } from './others.ts';
import { upgradeState, wrongWith } from './state.ts';
import { targetOf, type UpgradeStep, upgradeSteps, type Wanted } from './steps.ts';

/** How old a snapshot may be that an upgrade begins with, in milliseconds. */
const YOUNG = 15 * 60_000;

/** What the users said, and what stays the same while steps are taken. */
interface Begun {
  readonly wanted: Wanted;
  /** `etcd_settings` of each host, for the wanted version. */
  readonly settings: ReadonlyMap<string, Settings>;
  readonly told: Set<string>;
  /** The versions that are still to be installed, in order. */
  stops: readonly string[];
  /** The cluster was found fit for this. */
  looked: boolean;
  /** Members that leave 3.5 were asked what they have marked. */
  asked: boolean;
}

/** Takes a living cluster to another version of etcd, one minor after another and one member after another. */
export function upgradeOperation(): Operation {
  let begun: Begun | undefined;
  return {
    name: 'upgrade',
    check: upgradeProblems,
    async derive(run, surveyed) {
      begun ??= begin(surveyed);
      return derive(run, surveyed, begun);
    },
    async wish(_run, { hosts }) {
      const { wanted } = begun ?? begin({ hosts });
      const via = wanted.via.join(',');
      return { target: targetOf(wanted), ...(via && { notes: { via } }) };
    },
    async prepare(run, surveyed) {
      // What a turn has kept that was killed behind its start is no way back of another upgrade.
      if (openOf(surveyed.hosts, 'upgrade') === undefined) await forgetKept(run, surveyed);
      if (begun === undefined) return;
      await fetchStops(run, surveyed, begun.stops, begun.settings);
      await writeBehindJoins(surveyed, begun.stops);
    },
    question: ({ cluster }) => `${cluster.name}: take these steps?`,
  };
}

async function forgetKept(run: PlayRun<EtcdFacts>, { hosts }: Surveyed): Promise<void> {
  await run.each(hosts, (host) =>
    must(host, 'forgetting what ran before', dropPrograms(memberOf(host.target))),
  );
}

/** What is wrong with the command line and the variables, before any contact. */
export function upgradeProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const wrong = (message: string, hint: string): PlayProblem => ({ host: first.name, message, hint });
  const { etcd_version: version, downgrade, cancel } = first.vars;
  const via = viaOf(first.vars);
  const noRelease = via.find((one) => !/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/.test(one));
  const unordered = via.find(
    (one, i) => i > 0 && ordered(via[i - 1] as string, one, downgrade === true) >= 0,
  );
  const beyond =
    typeof version === 'string' && via.find((one) => ordered(one, version, downgrade === true) >= 0);
  return [
    ...(version === undefined
      ? [wrong('etcd_version is not set: to which version?', 'set it in the inventory, or -e etcd_version=…')]
      : []),
    ...(downgrade && cancel
      ? [wrong('--downgrade begins or finishes a downgrade, and --cancel takes it back', 'choose one')]
      : []),
    ...(cancel && via.length > 0 ? [wrong('--via means nothing with --cancel', 'leave it out')] : []),
    ...(noRelease === undefined
      ? []
      : [wrong(`--via names ${JSON.stringify(noRelease)}, which is not a release`, '--via 3.5.33,3.6.16')]),
    ...(unordered === undefined || noRelease !== undefined
      ? []
      : [wrong(`--via names ${unordered} in the wrong place`, 'name the stops in the order of the way')]),
    ...(typeof beyond !== 'string' || noRelease !== undefined
      ? []
      : [
          wrong(
            `--via names ${beyond}, which is not on the way to ${version}`,
            'name stops before etcd_version',
          ),
        ]),
    ...hosts
      .filter(({ vars }) => vars.etcd_source === 'path')
      .map(({ name }) => ({
        host: name,
        variable: 'etcd_source',
        message: `etcd_source of ${name} is path: its programs are not changed by a run`,
        hint: 'bring the new program there one host at a time, or choose another etcd_source',
      })),
  ];
}

function ordered(one: string, other: string, down: boolean): number {
  return down ? compareVersions(other, one) : compareVersions(one, other);
}

function viaOf(vars: Vars): readonly string[] {
  return typeof vars.via === 'string' ? vars.via.split(',').map((one) => one.trim()) : [];
}

function begin({ hosts }: Pick<Surveyed, 'hosts'>): Begun {
  const vars = hosts[0]?.target.vars ?? {};
  const said = viaOf(vars);
  const open = openIntent(hosts);
  const wanted: Wanted = {
    version: String(vars.etcd_version),
    via: said,
    downgrade: vars.downgrade === true,
    cancel: vars.cancel === true,
    acceptDowntime: vars['accept-downtime'] === true,
  };
  // Whoever goes on need not say again where to stop.
  const kept = open?.target === targetOf(wanted) ? open.notes?.via : undefined;
  return {
    wanted: said.length === 0 && kept ? { ...wanted, via: kept.split(',') } : wanted,
    settings: new Map(hosts.map(({ target }) => [target.name, target.vars.etcd_settings as Settings])),
    told: new Set(),
    stops: [],
    looked: false,
    asked: false,
  };
}

async function derive(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  begun: Begun,
): Promise<readonly OperationStep[]> {
  const { wanted, settings, told } = begun;
  // Behind a step its gate has looked already.
  const isFirst = !begun.looked;
  const wrong = isFirst ? await wrongWith(run, surveyed) : undefined;
  begun.looked = true;
  await survey(sayingOnce(run, told), ({ wanted: version }) => version, 'upgrade');
  const steps = upgradeSteps({ ...(await upgradeState(run, surveyed)), wrong }, wanted);
  if ('refused' in steps) throw refusal(surveyed.cluster, steps.message, steps.hint || undefined);
  begun.stops = stopsOf(steps);
  refuseVersions(run, surveyed, begun);
  const leaving = begun.asked ? [] : leaving35(steps, surveyed.hosts);
  await refuseMarked(run, surveyed, leaving);
  begun.asked ||= leaving.length > 0;
  const before = tallyOf(surveyed.hosts);
  const stops = ({ kind }: UpgradeStep) => kind === 'move' || kind === 'snapshot';
  if (isFirst && openIntent(surveyed.hosts) === undefined && steps.some(stops))
    await refuseOthers(run, surveyed, wanted.version, settings);
  // Where none runs there is nothing to take it of: a turn was cut off that began with one.
  const needsNone =
    !steps.some(stops) || !surveyed.hosts.some(({ target }) => runs(surveyed.hosts, target.name));
  const first = needsNone
    ? undefined
    : await snapshotStep(run, surveyed, { before: 'upgrade', within: YOUNG });
  return [
    ...(first ? [first] : []),
    ...steps.map((step) => ({
      host: step.host,
      title: step.title,
      ledger: ledger(before, stops(step) && runs(surveyed.hosts, step.host) ? { healthy: -1 } : {}),
      carryOut: () => carryOut(run, surveyed, step, { wanted, settings }),
    })),
  ];
}

function runs(hosts: readonly EtcdHost[], name: string): boolean {
  return hosts.some(({ target }) => target.name === name && target.facts.reading?.healthy);
}

function stopsOf(steps: readonly UpgradeStep[]): readonly string[] {
  return [...new Set(steps.filter(({ kind }) => kind === 'move').map(({ version }) => version))];
}

/** A release that should not be installed, is not pinned as others are, or cannot be told what the inventory wants. */
function refuseVersions(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  { stops, settings, told }: Begun,
): void {
  for (const stop of stops) {
    for (const { target } of hosts) {
      const refused = versionRefusal(cluster, stop, target.vars);
      if (refused) throw refused;
      pinnedDigest(target.vars, stop, target.facts.arch);
      const { left, problem } = translateSettings(settings.get(target.name) ?? {}, stop);
      if (problem) {
        const message = `etcd_settings of ${target.name}, on the way over etcd ${stop}: ${problem.message}`;
        throw new QuorateError(message, { exitCode: EXIT.usage, host: target.name, hint: problem.hint });
      }
      if (left.length > 0)
        sayingOnce(run, told).log(
          'info',
          `${cluster.name}: etcd ${stop} has no ${left.join(', ')} yet: left out until a later one runs`,
        );
    }
  }
}

/** The survey is made anew after each step; what it warns of is said once. */
function sayingOnce(run: PlayRun<EtcdFacts>, told: Set<string>): PlayRun<EtcdFacts> {
  return {
    ...run,
    log(level, message) {
      if (told.has(message)) return;
      told.add(message);
      run.log(level, message);
    },
  };
}
