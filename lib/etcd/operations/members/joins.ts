import type { ListedMember, Place } from './scene.ts';

/**
 * What a member that joins has to be told, exactly: `NAME=URL` of all that are listed. A name that another one has, too,
 * gives way to the ID: etcd compares the URLs, and finds itself by its name.
 */
export function joinsOf(
  place: Place,
  list: readonly Pick<ListedMember, 'id' | 'name' | 'peerUrls'>[],
): readonly string[] {
  const isOwn = ({ peerUrls }: Pick<ListedMember, 'peerUrls'>) => peerUrls.includes(place.peerUrl);
  const names = list.map((one) => (isOwn(one) ? place.name : one.name));
  return list.flatMap((one) => {
    const unique = one.name !== '' && names.filter((name) => name === one.name).length === 1;
    const name = isOwn(one) ? place.name : unique ? one.name : one.id;
    return one.peerUrls.map((url) => `${name}=${url}`);
  });
}
