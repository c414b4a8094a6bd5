import { memberUnitPath } from '../../../model/paths.ts';
import type { Evidence } from '../evidence.ts';
import { anew, on, type Remedy } from '../remedies.ts';
import { aboutMember, type Clue, isHealthy, type Scene } from '../scene.ts';

/** systemd has another unit than ours, or none. Of hosts that were set up: a bare one has nothing. */
export function ofUnit(one: Evidence, scene: Scene): readonly Clue[] {
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
