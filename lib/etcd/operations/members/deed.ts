import { called, type ListedMember, memberAt, type Place, type Scene } from './scene.ts';

/** What is done in one step, and to whom. */
export type Deed =
  /** Hosts whose rules have to let somebody in before it comes. */
  | { readonly kind: 'let in'; readonly who: readonly string[] }
  | { readonly kind: 'add'; readonly place: Place; readonly learner: boolean }
  | { readonly kind: 'start'; readonly place: Place }
  | { readonly kind: 'promote'; readonly place: Place; readonly member: ListedMember }
  | { readonly kind: 'remove'; readonly member: ListedMember; readonly place: Place | undefined }
  /** Its service ends, and its data is set aside; one that `goes` is not to start again. */
  | { readonly kind: 'set aside'; readonly place: Place; readonly goes: boolean }
  /** One that does not run is started at once: what waits for its turn is who runs elsewhere. */
  | { readonly kind: 'tell'; readonly place: Place; readonly member: ListedMember; readonly starts: boolean }
  | { readonly kind: 'restart'; readonly place: Place }
  /** Rules and files of the hosts name the members as they are now. */
  | { readonly kind: 'files' };

/** Why nothing is done. */
export interface Refused {
  /** The host that it is about; the cluster without one. */
  readonly host?: string;
  readonly message: string;
  /** Words for the command line of this verb, after its name: `--remove etcd04`. */
  readonly say?: string;
  readonly hint?: string;
  /** Nothing can be changed as long as that is so. */
  readonly noQuorum?: true;
}

/** Where it is told of: at its host, else at one whose member works. */
export function hostOf(deed: Deed, { places, listed }: Scene): string {
  const works = places.find((place) => memberAt(place, listed)?.healthy)?.host ?? places[0]?.host ?? '';
  if (deed.kind === 'remove') return deed.place?.host ?? works;
  return 'place' in deed && deed.place ? deed.place.host : works;
}

/** As an order, and the same whenever it is asked. */
export function titleOf(deed: Deed): string {
  switch (deed.kind) {
    case 'let in':
      return `let ${deed.who.join(', ')} in through the firewalls of all members`;
    case 'add':
      return deed.learner ? 'add it as a learner' : 'set it up, add it as a member and start it';
    case 'start':
      return 'set it up and start it';
    case 'promote':
      return 'let it vote once it has caught up';
    case 'remove':
      return `remove member ${called(deed.member)}`;
    case 'set aside':
      return deed.goes ? 'stop and disable its service, and set its data aside' : 'set its old data aside';
    case 'tell':
      return `tell the members its new address, ${deed.place.peerUrl}${deed.starts ? ', and start it there' : ''}`;
    case 'restart':
      return `start it at its new address, ${deed.place.peerUrl}`;
    case 'files':
      return 'name the members as they are in the files and firewalls of all';
  }
}
