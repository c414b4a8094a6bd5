/** Which CAs a host trusts, by a file or by what its process has loaded; `other`: none of these, or nobody knows. */
export type Trust = 'old' | 'both' | 'new' | 'other';

/** Who has issued a certificate; `other`: neither CA, or it is missing. */
export type Issuer = 'old' | 'new' | 'other';

/** A member's host on its way to the new CA. */
export interface RotatingHost {
  readonly name: string;
  /** Its CA file. */
  readonly disk: Trust;
  /** Our record of the CA file: what a run goes by that has no CA of its own. */
  readonly record: Trust;
  /** What its process has read at its start. */
  readonly loaded: Trust;
  readonly server: Issuer;
  readonly peer: Issuer;
  /** The wish that it keeps: to this CA, open or closed; or none. */
  readonly wish: 'none' | 'open' | 'closed';
}

/** A bundle for a client of ours, on control. */
export interface RotatingClient {
  readonly name: string;
  readonly trusts: Trust;
  readonly certificate: Issuer;
}

/** Everything that tells how far a rotation has come. */
export interface RotationState {
  /** On control: no new CA yet; it lies ready; it is the one that issues. */
  readonly control: 'old' | 'ready' | 'new';
  /** The key of the new CA is elsewhere: what it signs for bundles comes in, and is not made here. */
  readonly isElsewhere: boolean;
  /** In the order of their turns: the leader last. */
  readonly hosts: readonly RotatingHost[];
  readonly clients: readonly RotatingClient[];
  /** The user's word: every client trusts the new CA, and shows a certificate that it has issued. */
  readonly clientsReady: boolean;
}

/** What comes next; those with a host are one host's. */
export type RotationStep =
  | { readonly kind: 'begin' | 'switch' | 'clients' | 'close' }
  | { readonly kind: 'trust-both' | 'reissue' | 'drop-old'; readonly host: string };

/**
 * The steps that are left of a rotation, in order, from state alone; none once it is closed, or where clients are waited
 * for. What holds at every moment: all members trust the issuer of every certificate that another one shows, and of every
 * client that has the bundle of that moment; and a client that trusts both CAs trusts every member.
 *
 * - The new CA issues nothing before all processes have loaded it, the old one goes from none before no member shows a
 *   certificate of it and the user has said the same of clients.
 * - A member that trusts the new CA alone is past that point: it is never led back.
 * - What a CA elsewhere has signed must be here before clients are said to be ready: see `refuseUnsigned`.
 */
export function rotationSteps({
  control,
  isElsewhere,
  hosts,
  clients,
  clientsReady,
}: RotationState): readonly RotationStep[] {
  if (hosts.every(({ wish }) => wish === 'closed')) return [];
  const begun = control !== 'old' && hosts.every(({ wish }) => wish !== 'none');
  const both = hosts.filter((host) => !trustsNew(host));
  const bundles = clients.some(
    ({ trusts, certificate }) => (certificate !== 'new' && !isElsewhere) || !hasNew(trusts),
  );
  return [
    ...(begun ? [] : [{ kind: 'begin' } as const]),
    ...both.map(({ name }) => ({ kind: 'trust-both', host: name }) as const),
    ...(control === 'new' ? [] : [{ kind: 'switch' } as const]),
    ...(bundles || (control !== 'new' && clients.length > 0) ? [{ kind: 'clients' } as const] : []),
    ...(clientsReady ? lastSteps(hosts) : []),
  ];
}

function lastSteps(hosts: readonly RotatingHost[]): readonly RotationStep[] {
  const leaves = hosts.filter(({ server, peer }) => server !== 'new' || peer !== 'new');
  const dropping = hosts.filter(({ disk, record, loaded }) =>
    [disk, record, loaded].some((one) => one !== 'new'),
  );
  return [
    ...leaves.map(({ name }) => ({ kind: 'reissue', host: name }) as const),
    ...dropping.map(({ name }) => ({ kind: 'drop-old', host: name }) as const),
    { kind: 'close' },
  ];
}

/** Until clients are ready nothing more is to be done, and it is not over either. */
export function waitsForClients(state: RotationState): boolean {
  return (
    !state.clientsReady &&
    state.hosts.some(({ wish }) => wish === 'open') &&
    rotationSteps(state).length === 0
  );
}

/**
 * Whether a host trusts the new CA. A file with only the new one came from one with both, so it counts, even when the
 * old CAs are no longer known.
 */
function trustsNew({ disk, record, loaded }: RotatingHost): boolean {
  if (disk === 'new') return record !== 'old' && loaded !== 'old';
  return [disk, record, loaded].every(hasNew);
}

function hasNew(trust: Trust): boolean {
  return trust === 'both' || trust === 'new';
}
