import { isUp } from '../../../facts/index.ts';
import { memberUnitPath } from '../../../model/paths.ts';
import type { Evidence } from '../evidence.ts';
import { anew, on, type Remedy } from '../remedies.ts';
import { aboutMember, type Clue, isHealthy, type Scene } from '../scene.ts';

/** What systemd has, and what somebody has it do. */
export function ofUnit(one: Evidence, scene: Scene): readonly Clue[] {
  return [...ofFile(one, scene), ...ofStops(one)];
}

/** Fewer may be the work of a day: an upgrade, a rotation, a repair. */
const STOPS = 5;

/** Seconds for which they still count of a member that does not run: systemd has it rest behind too many starts. */
const RECENT = 600;

/** By how much the time between two stops may differ where a program keeps it: a share of the usual one, and seconds. */
const JITTER = { share: 0.2, seconds: 2 } as const;

/**
 * Somebody's program stops it at regular times, and has not left off. People do not, nor do our runs, and one that crashes
 * is not stopped.
 */
function ofStops({ member: { host }, facts, stops }: Evidence): readonly Clue[] {
  const between = stops.slice(1).map((ago, i) => (stops[i] ?? ago) - ago);
  const usual = [...between].sort((a, b) => a - b)[Math.floor(between.length / 2)] ?? 0;
  const slack = Math.max(usual * JITTER.share, JITTER.seconds);
  const kept = between.filter((one) => Math.abs(one - usual) <= slack);
  const last = stops.at(-1) ?? Number.POSITIVE_INFINITY;
  if (stops.length < STOPS || kept.length < between.length * 0.75) return [];
  if (last > Math.max(2 * usual, isUp(facts) ? 0 : RECENT)) return [];
  const evidence = `${host}: stopped ${stops.length} times in ${span(stops[0] ?? 0)}, each ${span(usual)}, ${span(last)} ago the last time`;
  return [{ cause: 'restarted', host, evidence }];
}

/** `12 s`, `5 min` */
function span(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** systemd has another unit than ours, or none. Of hosts that were set up: a bare one has nothing. */
function ofFile(one: Evidence, scene: Scene): readonly Clue[] {
  const { member, facts, unit } = one;
  const { host, service } = member;
  if (unit === undefined || facts.owner === undefined || isHealthy(one)) return [];
  const ours = memberUnitPath(member);
  const again = anew(aboutMember(member, scene), 'systemd');
  const clue = (what: string, ...first: Remedy): readonly Clue[] => [
    { cause: 'unit', host, evidence: `${host}: ${what}`, remedy: [...first, ...again] },
  ];
  if (unit.load === 'masked') {
    const flag = unit.file.startsWith('/run/') ? ' --runtime' : '';
    return clue(`${service}.service is masked`, on(member, `systemctl unmask${flag} ${service}`));
  }
  if (unit.load === 'not-found') return clue(`${ours} is missing`);
  if (unit.load !== 'loaded') return clue(`systemd does not take ${unit.file || ours}: ${unit.load}`);
  return unit.file === ours ? [] : clue(`${service}.service is ${unit.file}, and ours is ${ours}`);
}
