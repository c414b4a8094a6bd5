import { describe, expect, it } from 'vitest';
import {
  type Issuer,
  type RotatingHost,
  type RotationState,
  type RotationStep,
  rotationSteps,
  type Trust,
  waitsForClients,
} from '../../../../../../lib/etcd/operations/certs/rotation/steps.ts';

const OLD: Omit<RotatingHost, 'name'> = {
  disk: 'old',
  record: 'old',
  loaded: 'old',
  server: 'old',
  peer: 'old',
  wish: 'none',
};
const BOTH = { ...OLD, disk: 'both', record: 'both', loaded: 'both', wish: 'open' } as const;
const ISSUED = { ...BOTH, server: 'new', peer: 'new' } as const;
const NEW = { ...ISSUED, disk: 'new', record: 'new', loaded: 'new' } as const;

type Fate = Partial<Omit<RotatingHost, 'name'>>;

function state(hosts: readonly Fate[], changes: Partial<RotationState> = {}): RotationState {
  return {
    control: 'old',
    isElsewhere: false,
    hosts: hosts.map((host, i) => ({ ...OLD, ...host, name: `m${i + 1}` })),
    clients: [],
    clientsReady: false,
    ...changes,
  };
}

const told = (steps: readonly RotationStep[]) =>
  steps.map((step) => ('host' in step ? `${step.kind} ${step.host}` : step.kind)).join(', ');

describe('the steps that are left of a rotation', () => {
  const client = { name: 'app', trusts: 'old', certificate: 'old' } as const;
  const ready = { control: 'new', clientsReady: true } as const;

  it.each<[what: string, state: RotationState, steps: string]>([
    ['nothing begun', state([{}, {}]), 'begin, trust-both m1, trust-both m2, switch'],
    [
      'nothing begun, and clients are said to be ready',
      state([{}], { clientsReady: true }),
      'begin, trust-both m1, switch, reissue m1, drop-old m1, close',
    ],
    [
      'the CA was made, nobody knows of it',
      state([{}], { control: 'ready' }),
      'begin, trust-both m1, switch',
    ],
    [
      'some hosts have noted it',
      state([{ wish: 'open' }, {}], { control: 'ready' }),
      'begin, trust-both m1, trust-both m2, switch',
    ],
    [
      'one has its file, and runs with the old one',
      state([{ wish: 'open', disk: 'both' }, BOTH], { control: 'ready' }),
      'trust-both m1, switch',
    ],
    [
      'one has file and process, and the record is the old one',
      state([{ ...BOTH, record: 'old' }], { control: 'ready' }),
      'trust-both m1, switch',
    ],
    [
      'nobody knows what one has loaded',
      state([{ ...BOTH, loaded: 'other' }], { control: 'ready' }),
      'trust-both m1, switch',
    ],
    ['all trust both', state([BOTH, BOTH], { control: 'ready' }), 'switch'],
    [
      'all trust both, there are clients',
      state([BOTH], { control: 'ready', clients: [client] }),
      'switch, clients',
    ],
    ['the new one issues', state([BOTH], { control: 'new', clients: [client] }), 'clients'],
    [
      'a client has the certificate, and trusts the old one alone',
      state([BOTH], { control: 'new', clients: [{ ...client, certificate: 'new' }] }),
      'clients',
    ],
    [
      'it waits for clients',
      state([BOTH], { control: 'new', clients: [{ ...client, certificate: 'new', trusts: 'both' }] }),
      '',
    ],
    [
      'clients are ready',
      state([BOTH, BOTH], ready),
      'reissue m1, reissue m2, drop-old m1, drop-old m2, close',
    ],
    [
      'one of two certificates is new',
      state([{ ...BOTH, server: 'new' }, ISSUED], ready),
      'reissue m1, drop-old m1, drop-old m2, close',
    ],
    ['all certificates are new', state([ISSUED, ISSUED], ready), 'drop-old m1, drop-old m2, close'],
    [
      'one runs with both, its file has the new one alone',
      state([{ ...ISSUED, disk: 'new' }, NEW], ready),
      'drop-old m1, close',
    ],
    [
      'one was never restarted since its record was made',
      state([{ ...NEW, loaded: 'both' }], ready),
      'drop-old m1, close',
    ],
    [
      'one was killed on its way to the new one alone, and what it trusted before is known nowhere',
      state([{ ...NEW, record: 'other', loaded: 'other' }, NEW], ready),
      'drop-old m1, close',
    ],
    ['all is new', state([NEW, NEW], ready), 'close'],
    ['all is new, one has noted the end', state([{ ...NEW, wish: 'closed' }, NEW], ready), 'close'],
    ['closed', state([{ ...NEW, wish: 'closed' }], ready), ''],
    [
      'some trust the new one alone, and the word of clients is missing',
      state([NEW, ISSUED], { control: 'new' }),
      '',
    ],
    [
      'the new one signs elsewhere: bundles are told whom to trust, and what it signs for them comes in',
      state([BOTH], { control: 'new', isElsewhere: true, clients: [client] }),
      'clients',
    ],
    [
      'it waits for what is signed elsewhere, and for clients',
      state([BOTH], { control: 'new', isElsewhere: true, clients: [{ ...client, trusts: 'both' }] }),
      '',
    ],
    [
      'a member whose certificates nobody could read',
      state([{ ...BOTH, server: 'other' }], ready),
      'reissue m1, drop-old m1, close',
    ],
  ])('%s', (_what, given, steps) => {
    expect(told(rotationSteps(given))).toBe(steps);
  });

  it('waits for clients once all trust both, and not before or after', () => {
    expect(waitsForClients(state([BOTH], { control: 'new' }))).toBe(true);
    expect(waitsForClients(state([BOTH], { control: 'ready' }))).toBe(false);
    expect(waitsForClients(state([BOTH], ready))).toBe(false);
    expect(waitsForClients(state([{ ...NEW, wish: 'closed' }], { control: 'new' }))).toBe(false);
  });
});

/** What a step leaves behind where it is killed, at each place; the last is the step done. */
function outcomes(now: RotationState, step: RotationStep): readonly RotationState[] {
  const host = (name: string, ...fates: readonly Fate[]) =>
    fates.map((fate) => ({
      ...now,
      hosts: now.hosts.map((one) => (one.name === name ? { ...one, ...fate } : one)),
    }));
  const each = (change: (index: number) => Partial<RotationState>) =>
    Array.from({ length: now.hosts.length + 1 }, (_, i) => ({ ...now, ...change(i) }));
  const noted = (wish: 'open' | 'closed', upTo: number) =>
    now.hosts.map((one, i) => (i < upTo ? { ...one, wish } : one));
  switch (step.kind) {
    case 'begin': {
      const control = now.control === 'old' ? 'ready' : now.control;
      return each((i) => ({ control, hosts: noted('open', i) }));
    }
    case 'switch':
      return [{ ...now, control: 'new' }];
    case 'clients':
      if (now.isElsewhere)
        return [{ ...now, clients: now.clients.map((one) => ({ ...one, trusts: 'both' as const })) }];
      return [
        ...now.clients.map((_, i) => ({
          ...now,
          clients: now.clients.map((one, j) =>
            j < i ? { ...one, trusts: 'both' as const, certificate: 'new' as const } : one,
          ),
        })),
        {
          ...now,
          clients: now.clients.map((one) => ({
            ...one,
            trusts: one.trusts === 'new' ? 'new' : ('both' as const),
            certificate: 'new' as const,
          })),
        },
      ];
    case 'close':
      return each((i) => ({
        clients: now.clients.map((one) => ({ ...one, trusts: 'new' as const })),
        hosts: noted('closed', i),
      }));
    case 'trust-both': {
      const file = { disk: 'both' } as const;
      const record = { ...file, record: 'both' } as const;
      return host(step.host, file, record, { ...record, loaded: 'both' });
    }
    case 'reissue':
      return host(step.host, { server: 'new' }, { server: 'new', peer: 'new' });
    case 'drop-old': {
      const file = { disk: 'new' } as const;
      const record = { ...file, record: 'new' } as const;
      return host(step.host, file, record, { ...record, loaded: 'new' });
    }
  }
}

const ACCEPTS: Readonly<Record<Trust, readonly Issuer[]>> = {
  old: ['old'],
  both: ['old', 'new'],
  new: ['new'],
  other: [],
};

/** Handshakes that would be refused: between members, of our clients, of clients from before where they may still come. */
function refused({ hosts, clients }: RotationState, saidReady: boolean): readonly string[] {
  const strangers = saidReady
    ? []
    : [{ name: 'from before', trusts: 'old' as const, certificate: 'old' as const }];
  const informed = clients.filter(({ certificate }) => certificate === 'new');
  return hosts.flatMap((member) => [
    ...hosts
      .filter(({ peer }) => !ACCEPTS[member.loaded].includes(peer))
      .map((other) => `${member.name} refuses ${other.name}`),
    ...[...informed, ...strangers].flatMap((client) => [
      ...(ACCEPTS[member.loaded].includes(client.certificate)
        ? []
        : [`${member.name} refuses ${client.name}`]),
      ...(ACCEPTS[client.trusts].includes(member.server) ? [] : [`${client.name} refuses ${member.name}`]),
    ]),
  ]);
}

const isToCome = ({ certificate }: RotationState['clients'][number]) => certificate !== 'new';

describe('a rotation that is killed anywhere', () => {
  it.each([1, 2, 3, 4, 5, 6, 7].flatMap((size) => [[size, false] as const, [size, true] as const]))(
    '%i members, the new CA signs elsewhere: %s: comes to its end, and no handshake is refused on the way',
    (size, isElsewhere) => {
      const clients = [
        { name: 'a', trusts: 'old', certificate: 'old' },
        { name: 'b', trusts: 'old', certificate: 'old' },
      ] as const;
      const begin = state(
        Array.from({ length: size }, () => ({})),
        { clients, isElsewhere },
      );
      const seen = new Set<string>();
      const waiting: [RotationState, boolean][] = [[begin, false]];
      let ends = 0;
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const [now, saidReady] = next;
        const key = JSON.stringify(next);
        if (seen.has(key)) continue;
        seen.add(key);
        expect(refused(now, saidReady), key).toEqual([]);
        const [step] = rotationSteps(now);
        if (step !== undefined) {
          for (const outcome of outcomes(now, step)) waiting.push([outcome, saidReady]);
          // The rerun may lack the word of the first run.
          waiting.push([{ ...now, clientsReady: false }, saidReady]);
        } else if (waitsForClients(now) && isElsewhere && now.clients.some(isToCome)) {
          const clients = now.clients.map((one) => ({ ...one, certificate: 'new' as const }));
          waiting.push([{ ...now, clients }, saidReady]);
        } else if (waitsForClients(now)) {
          waiting.push([{ ...now, clientsReady: true }, true]);
        } else if (now.hosts.every(({ wish }) => wish === 'closed')) {
          ends++;
          expect(now.hosts.map(({ name: _, ...host }) => host)).toEqual(
            now.hosts.map(() => ({ ...NEW, wish: 'closed' })),
          );
        }
      }
      expect(ends).toBeGreaterThan(0);
      expect(seen.size).toBeGreaterThan(size * 15);
    },
  );

  it('takes each step until it is done: what a whole step leaves does not ask for it again', () => {
    let now = state([{}, {}, {}], {
      clientsReady: true,
      clients: [{ name: 'a', trusts: 'old', certificate: 'old' }],
    });
    const taken: string[] = [];
    for (let [step] = rotationSteps(now); step; [step] = rotationSteps(now)) {
      taken.push(told([step]));
      now = outcomes(now, step).at(-1) as RotationState;
      expect(told(rotationSteps(now).slice(0, 1))).not.toBe(taken.at(-1));
    }
    expect(taken).toEqual([
      'begin',
      ...['trust-both m1', 'trust-both m2', 'trust-both m3', 'switch', 'clients'],
      ...['reissue m1', 'reissue m2', 'reissue m3', 'drop-old m1', 'drop-old m2', 'drop-old m3', 'close'],
    ]);
  });
});
