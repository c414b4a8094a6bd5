import { quorum } from '../../model/cluster.ts';
import type { Deed, Refused } from './deed.ts';
import { awake, tallyOf } from './foresee.ts';
import {
  called,
  differencesOf,
  isAt,
  isToGo,
  type ListedMember,
  meant,
  memberAt,
  type Place,
  placeOf,
  type Scene,
} from './scene.ts';

/** What is to be done next; undefined where nothing is left. */
export function nextDeed(scene: Scene): Deed | Refused | undefined {
  const { listed } = scene;
  const { healthy, quorum: needed, voters } = tallyOf(scene);
  if (healthy < needed) {
    const first = founded(scene);
    return (
      first ?? {
        message: `${voters} voters, quorum ${needed}, ${healthy} healthy: members can only be changed while there is a quorum`,
        noQuorum: true,
      }
    );
  }
  const leaving = leavers(scene);
  const dead = leaving.find((member) => !member.healthy || member.learner);
  if (dead) return removal(scene, dead);
  // Its process votes as another member until that has left the list.
  const [astray] = leaving.filter((member) => member.astray !== undefined);
  if (astray) return removal(scene, astray);
  const place = toEmpty(scene);
  const voter = place && listed.find((member) => member.astray === place.host);
  if (place && voter) return votesThere(scene, place, voter);
  if (place) return { kind: 'set aside', place, goes: isToGo(place.host, scene) };
  const begun = unfinished(scene);
  if (begun) return begun;
  const adding = addition(scene);
  if (adding && !('message' in adding)) return adding;
  const [works] = leaving;
  if (works && !adding) return removal(scene, works);
  // Where one that moves does not work, nobody is added before it does.
  const moving = move(scene);
  if (adding || moving) return moving && !('message' in moving) ? moving : (adding ?? moving);
  return scene.tidies && (scene.rules || scene.files) ? { kind: 'files' } : undefined;
}

/** A voter that was added and not started, where the quorum waits for it: its start brings that back. */
function founded(scene: Scene): Deed | undefined {
  const { listed, places } = scene;
  const member = listed.find((one) => !one.started && !one.learner);
  const place = member && places.find((one) => isAt(member, one));
  if (member === undefined || place === undefined) return undefined;
  const woken = { listed: awake(scene, member) };
  return tallyOf(woken).spare < 0 ? undefined : { kind: 'start', place };
}

/** Members that are to leave, by the user's word and in its order. */
function leavers(scene: Scene): readonly ListedMember[] {
  const { words } = scene;
  const leaving = new Set<ListedMember>();
  for (const word of words.remove) {
    const member = meant(word, scene);
    if (member) leaving.add(member);
  }
  for (const word of words.replace) {
    const member = meant(word, scene);
    if (member && !isInPlace(member, scene)) leaving.add(member);
  }
  return [...leaving];
}

/** It is the one that was to come: it works, or a run has begun with it. */
function isInPlace(member: ListedMember, { places }: Scene): boolean {
  const place = places.find((one) => isAt(member, one));
  if (place === undefined || member.astray !== undefined) return false;
  return !member.started || member.healthy || (member.learner && place.keeps);
}

function removal(scene: Scene, member: ListedMember): Deed | Refused {
  const { listed, places } = scene;
  const { voters, healthy } = tallyOf(scene);
  const place = places.find((one) => isAt(member, one));
  if (member.learner) return { kind: 'remove', member, place };
  const [left, alive] = [voters - 1, healthy - (member.healthy ? 1 : 0)];
  if (left === 0) {
    return {
      message: `${called(member)} is its only member: with it the cluster would be gone`,
      hint: 'the playbook destroy takes a cluster down',
    };
  }
  if (voters === 2 && healthy < 2) {
    return {
      message: `2 voters, quorum 2, ${healthy} healthy: one of two members can only be removed while both are healthy`,
    };
  }
  if (alive < quorum(left)) {
    const others = listed.filter((one) => one !== member && !one.learner && !one.healthy);
    return {
      message: `${voters} voters, ${healthy} healthy: without ${called(member)} there are ${left}, quorum ${quorum(left)}, and ${alive} healthy`,
      hint: `bring back ${others.map(called).join(', ')} first, or remove those that are dead`,
    };
  }
  return { kind: 'remove', member, place };
}

/** A host that the user named, whose member is none any more, with a service or data left. */
function toEmpty(scene: Scene): Place | undefined {
  const { places, listed, words } = scene;
  const named = [...words.remove, ...words.replace].flatMap((word) => placeOf(word, places) ?? []);
  return named.find(
    (place) => place.reached && (place.data || place.up) && memberAt(place, listed) === undefined,
  );
}

/** Whom it votes for has no data of its own that counts: both begin anew, one after the other. */
function votesThere(scene: Scene, { host }: Place, member: ListedMember): Refused {
  const { voters, quorum: needed, healthy } = tallyOf(scene);
  const owner = scene.places.find((place) => isAt(member, place))?.host ?? member.id;
  return {
    host,
    message: `it runs as member ${called(member)}, which is ${owner}'s, with the data of that one: ${voters} voters, quorum ${needed}, ${healthy} healthy, and stopping it leaves ${healthy - 1}`,
    say: `--replace ${owner},${host}`,
    hint: 'that takes the member out before its process is stopped, and gives both hosts a new one',
  };
}

function isNamed(host: string, { words, places }: Scene): boolean {
  return [...words.remove, ...words.replace].some((word) => placeOf(word, places)?.host === host);
}

/** What a run that was killed has begun: a member that is not started, or a learner. */
function unfinished(scene: Scene): Deed | Refused | undefined {
  const { listed, places } = scene;
  const member = listed.find((one) => one.learner || !one.started);
  if (member === undefined) return undefined;
  const place = places.find((one) => isAt(member, one));
  if (place === undefined) {
    return {
      message: `${member.learner ? 'learner' : 'member'} ${called(member)} at ${member.peerUrls.join(' ')} is left over, and has no host in the inventory`,
      say: `--remove ${member.name || member.id}`,
    };
  }
  if (!member.started || !place.up || (member.learner && !member.healthy)) {
    return scene.rules ? letIn(place) : { kind: 'start', place };
  }
  return { kind: 'promote', place, member };
}

function staleData({ host }: Place): Refused {
  return {
    host,
    message:
      'it has the data of a member that was removed, or of another cluster, and is to begin as a new one',
    say: `--replace ${host}`,
    hint: 'that sets the data aside',
  };
}

function letIn({ host }: Place): Deed {
  return { kind: 'let in', who: [host] };
}

/** A member whose address or port changes: its certificates and the list first, then its own turn, then the next one. */
function move(scene: Scene): Deed | Refused | undefined {
  const { places, listed } = scene;
  const begun = places.find((one) => one.elsewhere && memberAt(one, listed));
  const different = differencesOf(scene).find((one) => one.sign === '~' && !isNamed(one.place.host, scene));
  const place = begun ?? (different?.sign === '~' ? different.place : undefined);
  const member = begun ? memberAt(begun, listed) : different?.sign === '~' ? different.member : undefined;
  if (place === undefined || member === undefined) return undefined;
  const refused = othersMustWork(scene, member, `${place.host} moves`) ?? withoutSpare(scene, member, place);
  if (refused) return refused;
  if (begun) return { kind: 'restart', place };
  return scene.rules ? letIn(place) : { kind: 'tell', place, member, starts: !place.up };
}

/** A member that works is stopped for a moment: somebody has to bear that, or the user says so. */
function withoutSpare(scene: Scene, { healthy }: ListedMember, { host }: Place): Refused | undefined {
  const { voters, quorum: needed, spare } = tallyOf(scene);
  if (!healthy || spare > 0 || scene.words.acceptDowntime) return undefined;
  return {
    host,
    message: `${voters} voters, quorum ${needed}: the cluster is down while it restarts`,
    say: '--accept-downtime',
  };
}

function othersMustWork(
  { listed }: Scene,
  member: ListedMember | undefined,
  what: string,
): Refused | undefined {
  const dead = listed.filter((one) => one !== member && !one.healthy);
  const [first] = dead;
  if (first === undefined) return undefined;
  const { voters, quorum: needed, healthy } = tallyOf({ listed });
  return {
    message: `${voters} voters, quorum ${needed}, ${healthy} healthy: ${dead.map(called).join(', ')} must work before ${what}`,
    say: `--remove ${first.name || first.id}`,
    hint: 'bring it back, or remove it first; --replace where its host is to have a new one',
  };
}

/** A host of the inventory that has no member yet. */
function addition(scene: Scene): Deed | Refused | undefined {
  const { learners, words } = scene;
  const missing = differencesOf(scene).find((one) => one.sign === '+' && !isToGo(one.place.host, scene));
  if (missing?.sign !== '+') return undefined;
  const { place } = missing;
  if (place.data || place.up) return staleData(place);
  const refused = othersMustWork(scene, undefined, `${place.host} is added`);
  if (refused) return refused;
  const { voters } = tallyOf(scene);
  if (!learners && voters === 1 && !words.acceptDowntime) {
    return {
      host: place.host,
      message: `1 voter, and etcd 3.3 knows no learners: with a second one the cluster does not serve until that one works`,
      say: '--accept-downtime',
    };
  }
  return scene.rules ? letIn(place) : { kind: 'add', place, learner: learners };
}
