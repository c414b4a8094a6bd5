import type { ListedMember, Place, Scene, Words } from '../../../../../lib/etcd/operations/members/scene.ts';
import { stepsOf } from '../../../../../lib/etcd/operations/members/steps.ts';

export function member(n: number, change: Partial<ListedMember> = {}): ListedMember {
  return {
    id: `${n}a`,
    name: `etcd0${n}`,
    peerUrls: [`https://10.0.0.${n}:2380`],
    started: true,
    learner: false,
    healthy: true,
    ...change,
  };
}

/** Host `n` with a member that runs. */
export function place(n: number, change: Partial<Place> = {}): Place {
  return {
    host: `etcd0${n}`,
    name: `etcd0${n}`,
    peerUrl: `https://10.0.0.${n}:2380`,
    reached: true,
    data: true,
    keeps: true,
    up: true,
    elsewhere: false,
    ...change,
  };
}

/** Host `n` without anything. */
export function bare(n: number, change: Partial<Place> = {}): Place {
  return place(n, { data: false, keeps: false, up: false, ...change });
}

/** Its service rests, and its data is there. */
export function stopped(n: number): Place {
  return place(n, { up: false });
}

export function scene(
  listed: readonly ListedMember[],
  places: readonly Place[],
  words: Partial<Words> = {},
  change: Partial<Scene> = {},
): Scene {
  const said: Words = { remove: [], replace: [], acceptDowntime: false, ...words };
  return {
    cluster: 'prod',
    listed,
    places,
    learners: true,
    rules: false,
    files: false,
    setsRules: true,
    tidies: said.remove.length + said.replace.length > 0,
    words: said,
    ...change,
  };
}

/** Numbers from 1 to `n`. */
export function upTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** What a scene comes to, in short: `add etcd04`, `remove 3a`; or `refused: …`. */
export function told(given: Scene): readonly string[] {
  const planned = stepsOf(given);
  if ('refused' in planned) return [`refused: ${planned.refused.message} | ${planned.refused.say ?? ''}`];
  return planned.steps.map(({ deed }) => {
    if (deed.kind === 'files') return 'files';
    if (deed.kind === 'let in') return `let in ${deed.who.join(' ')}`;
    return deed.kind === 'remove' ? `remove ${deed.member.id}` : `${deed.kind} ${deed.place.host}`;
  });
}
