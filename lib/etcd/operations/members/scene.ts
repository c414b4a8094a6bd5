/** A member as the cluster lists it, with what was found out about it. */
export interface ListedMember {
  /** Hex. */
  readonly id: string;
  /** Empty for one that never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly started: boolean;
  readonly learner: boolean;
  /** A linearizable read through it succeeds, and its data is not known to be wrong; of a learner: it runs and answers. */
  readonly healthy: boolean;
  /** The host whose process answers in its place, with a copy of its data; its own has none that counts. */
  readonly astray?: string;
}

/** A host of the inventory, as a place for a member. */
export interface Place {
  readonly host: string;
  /** What its member is to be called. */
  readonly name: string;
  readonly peerUrl: string;
  readonly reached: boolean;
  /** There is something of a member's data. */
  readonly data: boolean;
  /** With its raft log, so that the member can start. */
  readonly keeps: boolean;
  /** Its service has a process. */
  readonly up: boolean;
  /** Its member runs at another address than it is to: it must be started anew. */
  readonly elsewhere: boolean;
}

/** A cluster and its inventory, as far as who is a member of it depends on them. Plain data. */
export interface Scene {
  readonly cluster: string;
  /** As its members have it; empty where none of them answers. */
  readonly listed: readonly ListedMember[];
  /** In the order of the inventory. */
  readonly places: readonly Place[];
  /** From 3.4 on a member begins as a learner. */
  readonly learners: boolean;
  /** The firewall rules on members' hosts differ from what present and coming members need. */
  readonly rules: boolean;
  /** The files that name the members differ; no running member has loaded them. */
  readonly files: boolean;
  /** Runs set the firewall of these hosts. */
  readonly setsRules: boolean;
  /** Rules and files are to be seen to: who is a member has changed, or the user named somebody. */
  readonly tidies: boolean;
  readonly words: Words;
}

/** What the user has said. */
export interface Words {
  /** Hosts, names or IDs of members: these are to leave. */
  readonly remove: readonly string[];
  /** The same: these are to leave, and what the inventory has in their place is to come. */
  readonly replace: readonly string[];
  readonly acceptDowntime: boolean;
}

/** How a host and the list of members differ. */
export type Difference =
  | { readonly sign: '+'; readonly place: Place }
  | { readonly sign: '-'; readonly member: ListedMember }
  | { readonly sign: '~'; readonly place: Place; readonly member: ListedMember }
  | { readonly sign: '↻'; readonly place: Place; readonly member: ListedMember };

/** All differences: hosts in the order of the inventory, then members that have none. */
export function differencesOf({ places, listed }: Pick<Scene, 'places' | 'listed'>): readonly Difference[] {
  const ofPlaces = places.flatMap((place): readonly Difference[] => {
    const member = memberAt(place, listed);
    if (member === undefined) {
      const moved = movedFrom(place, { places, listed });
      return moved && place.data ? [{ sign: '~', place, member: moved }] : [{ sign: '+', place }];
    }
    return member.started && place.reached && !place.keeps && !member.healthy
      ? [{ sign: '↻', place, member }]
      : [];
  });
  const moving = ofPlaces.flatMap((one) => (one.sign === '~' ? [one.member] : []));
  const homeless = listed.filter(
    (member) => !places.some((place) => isAt(member, place)) && !moving.includes(member),
  );
  return [...ofPlaces, ...homeless.map((member): Difference => ({ sign: '-', member }))];
}

/** A difference in a line: `+ etcd04: no member at https://10.0.0.4:2380`. */
export function saidOf(one: Difference): string {
  switch (one.sign) {
    case '+':
      return `+ ${one.place.host}: no member at ${one.place.peerUrl}`;
    case '-':
      return `- member ${called(one.member)} at ${one.member.peerUrls.join(' ')}: no host in the inventory`;
    case '~':
      return `~ ${one.place.host}: member ${called(one.member)} at ${one.member.peerUrls.join(' ')}, the inventory says ${one.place.peerUrl}`;
    case '↻':
      return `↻ ${one.place.host}: member ${called(one.member)} has lost its data`;
  }
}

export function memberAt(
  place: Pick<Place, 'peerUrl'>,
  listed: readonly ListedMember[],
): ListedMember | undefined {
  return listed.find((member) => isAt(member, place));
}

export function isAt({ peerUrls }: ListedMember, { peerUrl }: Pick<Place, 'peerUrl'>): boolean {
  return peerUrls.includes(peerUrl);
}

/** The member of its name that is listed at an address which no host has. */
function movedFrom(
  { name }: Place,
  { places, listed }: Pick<Scene, 'places' | 'listed'>,
): ListedMember | undefined {
  return listed.find((one) => one.name === name && !places.some((place) => isAt(one, place)));
}

/** `etcd03 (8e9e05c52164694d)` */
export function called({ name, id }: Pick<ListedMember, 'name' | 'id'>): string {
  return name === '' ? id : `${name} (${id})`;
}

/**
 * The member that a word means: by its ID, by its host in the inventory, else by its name. A member that stands at another
 * host of the inventory is that one's, whatever it is called: data that was copied to this host has named it so.
 */
export function meant(word: string, { places, listed }: Pick<Scene, 'places' | 'listed'>) {
  const place = placeOf(word, places);
  const isOthers = (member: ListedMember) =>
    place !== undefined && places.some((one) => one.host !== place.host && isAt(member, one));
  return (
    listed.find(({ id }) => id === word) ??
    (place && memberAt(place, listed)) ??
    listed.find((one) => (one.name === word || one.name === place?.name) && !isOthers(one))
  );
}

/** The host that a word means: by its name in the inventory, or by its member's. */
export function placeOf(word: string, places: readonly Place[]): Place | undefined {
  return places.find(({ host }) => host === word) ?? places.find(({ name }) => name === word);
}

/** The user's word takes this host out. */
export function isToGo(host: string, { words, places }: Scene): boolean {
  return words.remove.some((word) => placeOf(word, places)?.host === host);
}
