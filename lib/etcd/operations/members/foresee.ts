import type { Tally } from '../../../dsl/step.ts';
import { tally } from '../common/tally.ts';
import type { Deed } from './deed.ts';
import { isAt, isToGo, type ListedMember, memberAt, type Place, type Scene } from './scene.ts';

/** What the scene is once a deed is done. */
export function foresee(scene: Scene, deed: Deed): Scene {
  return { ...scene, tidies: true, ...changeBy(scene, deed) };
}

function changeBy(scene: Scene, deed: Deed): Partial<Scene> {
  const { listed, places, setsRules } = scene;
  const swapped = (member: ListedMember, change: Partial<ListedMember>) =>
    listed.map((one) => (one === member ? { ...one, ...change } : one));
  const placed = (place: Place, change: Partial<Place>) =>
    places.map((one) => (one.host === place.host ? { ...one, ...change } : one));
  switch (deed.kind) {
    case 'let in':
      return { rules: false };
    case 'add': {
      const { place, learner } = deed;
      const begun = { id: `(${place.host})`, peerUrls: [place.peerUrl], learner };
      // Without learners it is started in the same step.
      if (learner) return { listed: [...listed, { ...begun, name: '', started: false, healthy: false }] };
      return {
        listed: [...listed, { ...begun, name: place.name, started: true, healthy: true }],
        places: placed(place, { data: true, keeps: true, up: true }),
      };
    }
    case 'start': {
      const member = memberAt(deed.place, listed)!;
      const known = tallyOf(scene).spare < 0 ? awake(scene, member) : listed;
      const begun = { ...member, name: deed.place.name, started: true, healthy: true };
      return {
        listed: known.map((one) => (one.id === member.id ? begun : one)),
        places: placed(deed.place, { data: true, keeps: true, up: true }),
      };
    }
    case 'promote':
      return { listed: swapped(deed.member, { learner: false, healthy: true }) };
    case 'remove': {
      const leaves = deed.place === undefined || isToGo(deed.place.host, scene);
      return {
        listed: listed.filter((one) => one !== deed.member),
        rules: scene.rules || (setsRules && leaves),
        files: scene.files || leaves,
      };
    }
    case 'set aside':
      return { places: placed(deed.place, { data: false, keeps: false, up: false }) };
    case 'tell':
      return {
        listed: swapped(deed.member, {
          peerUrls: [deed.place.peerUrl],
          ...(deed.starts && { healthy: true }),
        }),
        places: placed(deed.place, deed.starts ? { up: true } : { elsewhere: true }),
        ...(deed.starts && { rules: setsRules, files: true }),
      };
    case 'restart':
      return {
        listed: swapped(memberAt(deed.place, listed)!, { healthy: true }),
        places: placed(deed.place, { elsewhere: false, up: true }),
        rules: setsRules,
        files: true,
      };
    case 'files':
      return { rules: false, files: false };
  }
}

/**
 * Mark as healthy the voter that the quorum waited for, and every member that runs: they work again once it has
 * started.
 */
export function awake({ listed, places }: Scene, member: ListedMember): readonly ListedMember[] {
  const runs = (one: ListedMember) => places.some((place) => place.up && isAt(one, place));
  return listed.map((one) => (one === member || runs(one) ? { ...one, healthy: true } : one));
}

/** Who votes, and who of them works. */
export function tallyOf({ listed }: Pick<Scene, 'listed'>): Tally {
  const voters = listed.filter(({ learner }) => !learner);
  return tally(voters.length, voters.filter(({ healthy }) => healthy).length);
}
