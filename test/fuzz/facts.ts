import { QuorateError } from '../../lib/errors.ts';
import { etcdFacts } from '../../lib/etcd/facts/index.ts';
import { asUtf8, batches, checkCanary, type Ground, type Kind, show, type Tally } from './ground.ts';
import { checkRendering } from './rendering.ts';
import { fragmentsOf, recorded } from './scripts.ts';
import { dice, hostile } from './strings.ts';
import { targetOf } from './targets.ts';

const BATCH = 100;

/** What a host says of itself, through the roles and back to the host: it is never taken for code there. */
export const facts: Kind = {
  name: 'facts that come back in scripts',
  share: 5,
  quick: 40,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const length of batches(cases, BATCH)) {
      const all = Array.from({ length }, () => {
        const name = roll.pick(NAMES);
        const value = hostile(roll, ground.canary, USUAL[name]).replaceAll(/[\n\r\u2028\u2029]/g, ' ');
        const fragments = fragmentsFor(name, value);
        // What is as with the usual value is looked at elsewhere.
        return { name, value, fragments: fragments?.filter((text) => !COMMON[name]?.has(text)) };
      });
      const known = all.filter(({ fragments }) => fragments !== undefined);
      tally.refused += all.length - known.length;
      tally.literal += known.length;
      await play(ground, known, roll.pick(ground.shells));
    }
    return tally;
  },
};

/** Facts that end up in scripts, as lines of a reading. */
const USUAL = {
  resolved: '10.0.0.7',
  'resolves etcd.example': 'fd00::7',
  token: 'prod-0123456789abcdef',
  owner: 'cluster c',
  installed: '3.5.16',
};
const NAMES = Object.keys(USUAL) as (keyof typeof USUAL)[];

/** The same text in two scripts is no use of the fact. */
const COMMON: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  NAMES.map((name) => [name, new Set(fragmentsFor(name, USUAL[name]))]),
);

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly fragments: readonly string[] | undefined;
}

/** undefined when the fact was passed over. */
function fragmentsFor(name: keyof typeof USUAL, value: string): readonly string[] | undefined {
  const host = targetOf('plain', { etcd_address: 'etcd.example' });
  const lines = [
    'machine x86_64',
    `${name} ${value}`,
    'systemd 252',
    'firewall nftables',
    'resolved 10.0.0.7',
    'resolves etcd.example 10.0.0.7',
    '',
  ];
  const read = etcdFacts.parse({ code: 0, out: asUtf8(lines.join('\n')) }, host);
  const cluster = { ...host.facts.cluster, token: read.pendingToken } as NonNullable<typeof read.cluster>;
  if (name === 'token' && read.pendingToken === undefined) return undefined;
  const target = { ...host, facts: { ...read, cluster } };
  try {
    checkRendering(target, value);
    return fragmentsOf(target);
  } catch (error) {
    if (error instanceof QuorateError) return undefined;
    throw error;
  }
}

async function play(ground: Ground, all: readonly Fact[], shell: readonly string[]): Promise<void> {
  const scripts = all.map(({ fragments = [] }) => fragments);
  const seen = await recorded(ground, shell, scripts);
  for (const [i, { name, value, fragments = [] }] of all.entries()) {
    if (name === 'token' && fragments.length > 0 && !seen[i]?.includes(value.trim())) {
      throw new Error(`${shell}: ${name} ${show(value)} did not arrive: ${show(seen[i])}`);
    }
  }
  checkCanary(ground, `${shell}: ${show(all.map(({ name, value }) => [name, value]))}`);
}
