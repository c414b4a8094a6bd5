import { canSpareOne, quorum } from '../../model/cluster.ts';
import { compareVersions, minorOf, minorsApart } from '../../model/versions.ts';
import { type NoWay, wayDown, wayUp } from './path.ts';

/** A member as it is now. */
export interface MemberNow {
  readonly host: string;
  /** Of the program that runs, or that a start would run. */
  readonly version: string;
  /** Its service runs. */
  readonly runs: boolean;
  readonly leads: boolean;
  /** Its raft log has what 3.7 cannot read, after its last raft snapshot. */
  readonly oldLog: boolean;
}

/** What decides about the steps. */
export interface UpgradeState {
  readonly members: readonly MemberNow[];
  /** The minor that the cluster works as; undefined where no member tells. */
  readonly worksAs: string | undefined;
  /** The minor that all its data is written as: what is left of the way up, or down; undefined before 3.6. */
  readonly storedAs: string | undefined;
  /** The minor that a downgrade under way is to. */
  readonly goingDown: string | undefined;
  /** Whether etcd's own users are in force. */
  readonly authentication: Authentication;
  /** What is wrong and does not end by itself once all members run. */
  readonly wrong: NoWay | undefined;
  /** What an upgrade that is not finished heads for. */
  readonly open: string | undefined;
}

/** `unread`: what etcdctl said, where that tells neither. */
export type Authentication = 'on' | 'off' | { readonly unread: string };

/** What the user wants. */
export interface Wanted {
  readonly version: string;
  readonly via: readonly string[];
  readonly downgrade: boolean;
  readonly cancel: boolean;
  readonly acceptDowntime: boolean;
}

export interface UpgradeStep {
  /**
   * `move`: a member to another version, or to a start; `start`: on the version that it has; `snapshot`: a restart on 3.6
   * that leaves a raft snapshot;
   * `settle`: wait until the cluster works as a minor; `enable`, `ready`, `finish`, `cancel`: of a downgrade.
   */
  readonly kind: 'move' | 'start' | 'snapshot' | 'settle' | 'enable' | 'ready' | 'finish' | 'cancel';
  readonly host: string;
  readonly title: string;
  /** To be run after it, or the minor that it is about. */
  readonly version: string;
}

export interface Refused extends NoWay {
  readonly refused: true;
}

/** What is to be done, in order, or why it may not be. Empty where all is as wanted. */
export function upgradeSteps(state: UpgradeState, wanted: Wanted): readonly UpgradeStep[] | Refused {
  const problem = notInMind(state, wanted);
  if (problem) return { refused: true, ...problem };
  const steps = wanted.cancel
    ? cancelled(state)
    : wanted.downgrade
      ? down(state, wanted)
      : isGoingBack(state, wanted)
        ? back(state, wanted)
        : up(state, wanted);
  if (!('length' in steps)) return { refused: true, ...steps };
  const unsafe = steps.length > 0 ? notNow(state, wanted, steps) : undefined;
  return unsafe ? { refused: true, ...unsafe } : steps;
}

/** What `wanted` cannot mean where the cluster is. */
function notInMind(state: UpgradeState, wanted: Wanted): NoWay | undefined {
  const { members, goingDown, open } = state;
  const { version, downgrade, cancel } = wanted;
  const { lowest, highest } = spanOf(members);
  if (minorsApart(lowest, highest) > 1)
    return {
      message: `its members run etcd ${lowest} to ${highest}, more than one minor apart`,
      hint: `bring those of ${lowest} to ${minorOf(highest)} by hand, one minor at a time; etcd knows no such cluster`,
    };
  if (goingDown !== undefined && !downgrade && !cancel)
    return {
      message: `a downgrade to ${goingDown} is under way`,
      hint: `finish it with --downgrade and a release of ${goingDown} as etcd_version, or take it back with --cancel`,
    };
  if (goingDown !== undefined && downgrade && minorOf(version) !== goingDown && !isBelow(version, goingDown))
    return {
      message: `a downgrade to ${goingDown} is under way, the inventory says ${version}`,
      hint: `set etcd_version to a release of ${goingDown}, or take it back with --cancel`,
    };
  if (downgrade && compareVersions(version, highest) > 0)
    return {
      message: `its members run etcd ${highest}, and --downgrade needs an older version: ${version} is newer`,
      hint: 'leave --downgrade out',
    };
  if (state.worksAs === undefined)
    return { message: 'no member tells which version the cluster works as', hint: 'look there with -v' };
  if (cancel) return undefined;
  const isMixed = lowest !== highest;
  const lower = compareVersions(version, highest) < 0;
  if (lower && !downgrade && !isGoingBack(state, wanted)) return implicitDown(state, wanted);
  if (isMixed && open !== undefined && open !== targetOf(wanted) && !isGoingBack(state, wanted))
    return {
      message: `its members are on the way to ${open}, and ${targetOf(wanted)} is something else`,
      hint: `run to ${open} first, or back to etcd ${lowest}`,
    };
  return undefined;
}

/** How an intent names it. */
export function targetOf({ version, downgrade }: Pick<Wanted, 'version' | 'downgrade'>): string {
  return `etcd ${version}${downgrade ? ' (downgrade)' : ''}`;
}

function implicitDown({ members, worksAs }: UpgradeState, { version }: Wanted): NoWay {
  const { lowest, highest } = spanOf(members);
  if (lowest !== highest && compareVersions(version, lowest) >= 0)
    return {
      message: `its members run etcd ${lowest} to ${highest}, and ${version} is older than some`,
      hint:
        minorOf(lowest) === worksAs
          ? `choose ${highest} or later, or ${lowest} to go back to`
          : `choose ${highest} or later`,
    };
  return {
    message: `its members run etcd ${highest}, the inventory says ${version}, which is older`,
    hint: 'set a later etcd_version, or go down with --downgrade',
  };
}

/** To what the rest still runs: a program may go back as long as the cluster works as it did before. */
function isGoingBack({ members, worksAs }: UpgradeState, { version, downgrade }: Wanted): boolean {
  const { lowest, highest } = spanOf(members);
  return !downgrade && lowest !== highest && version === lowest && minorOf(version) === worksAs;
}

/** What must not be begun as the cluster is. */
function notNow(
  { members, wrong, authentication }: UpgradeState,
  { acceptDowntime }: Wanted,
  steps: readonly UpgradeStep[],
): NoWay | undefined {
  const restarts = steps.filter(({ kind }) => kind === 'move' || kind === 'snapshot');
  const voters = members.length;
  const needed = quorum(voters);
  const running = members.filter(({ runs }) => runs).length;
  if (running + 1 < needed)
    return {
      message: `${voters} voters, quorum ${needed}, ${running} running: starting one more does not make a quorum`,
      hint: 'start the others as they are, then run again',
    };
  if (wrong !== undefined) return wrong;
  if (restarts.length > 0 && !canSpareOne({ members }) && !acceptDowntime)
    return {
      message: `nothing was changed: ${voters} voters, quorum ${needed}: stopping ${restarts[0]?.host} leaves ${voters - 1}`,
      hint: 'to accept that the cluster is down meanwhile: --accept-downtime',
    };
  const crosses = ({ kind, version }: UpgradeStep) => kind === 'move' && minorOf(version) === '3.5';
  const fromBelow = members.some(({ version }) => isBelow(version, '3.5'));
  if (!(fromBelow && steps.some(crosses))) return undefined;
  if (typeof authentication === 'object')
    return {
      message: `whether authentication is on cannot be read: ${authentication.unread}`,
      hint: 'members of 3.4 and 3.5 side by side do not agree on its tokens',
    };
  if (authentication === 'on')
    return {
      message: 'authentication is on: members of 3.4 and 3.5 side by side do not agree on its tokens',
      hint: 'turn it off for the time of the upgrade, as root: etcdctl auth disable; and on again after it: etcdctl auth enable',
    };
  return undefined;
}

function up(state: UpgradeState, { version, via }: Wanted): readonly UpgradeStep[] | NoWay {
  const { members, worksAs, storedAs } = state;
  const { lowest, highest } = spanOf(members);
  const stops = wayUp({ from: lowest, highest, to: version, via });
  if ('message' in stops) return stops;
  const roll = new Roll(members);
  let settled = storedAs === undefined || storedAs === worksAs ? worksAs : undefined;
  const settle = (minor: string) => {
    if (settled !== minor) roll.settle(minor);
    settled = minor;
  };
  if (minorOf(lowest) === minorOf(highest)) settle(minorOf(lowest));
  for (const stop of stops.length === 0 ? [version] : stops) {
    if (minorOf(stop) === '3.7') roll.takeSnapshots();
    roll.moveTo(stop, (one) => compareVersions(one.version, stop) < 0 || (!one.runs && one.version === stop));
    settle(minorOf(stop));
  }
  return roll.steps;
}

/** Members that have gone ahead come back to what the others run. */
function back({ members }: UpgradeState, { version }: Wanted): readonly UpgradeStep[] {
  const roll = new Roll(members);
  roll.moveTo(version, (one) => one.version !== version || !one.runs);
  return roll.steps;
}

function down(state: UpgradeState, { version, via }: Wanted): readonly UpgradeStep[] | NoWay {
  const { members, worksAs, storedAs, goingDown } = state;
  const { lowest, highest } = spanOf(members);
  const stops = wayDown({ from: lowest, highest, to: version, via });
  if ('message' in stops) return stops;
  const roll = new Roll(members);
  const first = minorOf(stops[0] ?? version);
  // Where no member is above it, or some are there already and the cluster works so, etcd need not be asked.
  const isThere = minorOf(highest) === first || (minorOf(lowest) === first && worksAs === first);
  if (stops.length === 1 && goingDown === undefined && isThere) {
    roll.moveTo(version, (one) => one.version !== version || !one.runs);
    if (worksAs !== undefined && worksAs !== first) roll.settle(first);
    return roll.steps;
  }
  for (const [i, stop] of stops.entries()) {
    const minor = minorOf(stop);
    const isOn = i === 0 && goingDown === minor;
    const isReady = isOn && worksAs === minor && (storedAs === undefined || storedAs === minor);
    if (i === 0) roll.startAbove(minor);
    if (!isOn) roll.about('enable', minor, `have the cluster go down to ${minor}`);
    if (!isReady) roll.about('ready', minor, `wait until all data is written as ${minor}`);
    roll.moveTo(stop, (one) => one.version !== stop || !one.runs);
    roll.about('finish', minor, `wait until the cluster has gone down to ${minor}`);
  }
  return roll.steps;
}

/** The downgrade is taken back, and members that have gone down come up again. */
function cancelled({ members, goingDown, worksAs }: UpgradeState): readonly UpgradeStep[] | NoWay {
  const { lowest, highest } = spanOf(members);
  const roll = new Roll(members);
  if (goingDown === undefined && lowest === highest && worksAs === minorOf(highest)) return [];
  if (goingDown !== undefined) roll.about('cancel', goingDown, `take back the downgrade to ${goingDown}`);
  roll.moveTo(highest, (one) => one.version !== highest || !one.runs);
  roll.settle(minorOf(highest));
  return roll.steps;
}

/** Collects steps, and what members will be like after them. */
class Roll {
  readonly steps: UpgradeStep[] = [];
  #members: readonly MemberNow[];

  constructor(members: readonly MemberNow[]) {
    this.#members = members;
  }

  /** Those that do not run come first: starting one only helps. The leader comes last, once it has handed over. */
  moveTo(version: string, isDue: (member: MemberNow) => boolean): void {
    for (const one of inOrder(this.#members.filter(isDue))) {
      const title =
        one.version === version
          ? `start it on etcd ${version}`
          : `move it from etcd ${one.version} to ${version}`;
      this.steps.push({ kind: 'move', host: one.host, title, version });
      const isNew = minorOf(version) === '3.6' && isBelow(one.version, '3.6');
      this.#restarted(one, { version, runs: true, oldLog: one.oldLog || isNew });
    }
  }

  /** One that rests does not know yet that the cluster goes down: a lower program would not come up on its data. */
  startAbove(minor: string): void {
    for (const one of this.#members.filter(
      ({ runs, version }) => !runs && isBelow(`${minor}.0`, minorOf(version)),
    )) {
      const title = `start it on etcd ${one.version}`;
      this.steps.push({ kind: 'start', host: one.host, title, version: one.version });
      this.#restarted(one, { runs: true });
    }
  }

  /** Each member whose raft log has entries of 3.5 or older leaves them behind. */
  takeSnapshots(): void {
    for (const one of inOrder(this.#members.filter(({ oldLog }) => oldLog))) {
      const title = `restart it on etcd ${one.version} for a raft snapshot`;
      this.steps.push({ kind: 'snapshot', host: one.host, title, version: one.version });
      this.#restarted(one, { oldLog: false, runs: true });
    }
  }

  settle(minor: string): void {
    this.about('settle', minor, `wait until the cluster works as ${minor}`);
  }

  about(kind: UpgradeStep['kind'], version: string, title: string): void {
    const [first] = this.#members;
    if (first) this.steps.push({ kind, host: first.host, title, version });
  }

  /** Leadership goes to the first of the others before a leader stops. */
  #restarted(one: MemberNow, now: Partial<MemberNow>): void {
    const next = one.leads ? this.#members.find(({ host }) => host !== one.host)?.host : undefined;
    this.#members = this.#members.map((member) => {
      const leads = next === undefined ? member.leads : member.host === next;
      return member.host === one.host ? { ...member, ...now, leads } : { ...member, leads };
    });
  }
}

function inOrder(members: readonly MemberNow[]): readonly MemberNow[] {
  return [...members].sort((a, b) => Number(a.runs) - Number(b.runs) || Number(a.leads) - Number(b.leads));
}

function spanOf(members: readonly MemberNow[]): { readonly lowest: string; readonly highest: string } {
  const versions = members.map(({ version }) => version).sort(compareVersions);
  return { lowest: versions[0] ?? '', highest: versions.at(-1) ?? '' };
}

/** `3.4.23` is below `3.5`. */
function isBelow(version: string, minor: string): boolean {
  return compareVersions(`${minorOf(version)}.0`, `${minor}.0`) < 0;
}
