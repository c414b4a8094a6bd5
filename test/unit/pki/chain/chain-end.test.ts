import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { endOfChain } from '../../../../lib/pki/chain/chain-end.ts';
import { signCertificate } from '../../../../lib/pki/engine.ts';

const DAY = 86_400_000;
const START = new Date(Math.floor(Date.now() / 1000) * 1000);

interface Ca {
  readonly key: KeyObject;
  readonly pem: string;
}

async function issue(name: string, days: number, by?: Ca, key = newKey()): Promise<Ca> {
  const plan = {
    subject: [['CN', name]] as const,
    names: [],
    notBefore: new Date(START.getTime() - 900 * DAY),
    notAfter: new Date(START.getTime() + days * DAY),
    usages: ['cert sign'] as const,
    ca: { pathLength: 1 },
  };
  const pem = await signCertificate(plan, key, { key: by?.key ?? key, ...(by && { certPem: by.pem }) });
  return { key, pem };
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

let pems: Readonly<Record<string, string>>;
beforeAll(async () => {
  const root = await issue('root', 3000);
  const intermediate = await issue('intermediate', 100, root);
  const old = await issue('old', -1);
  const renewed = await issue('old', 2000, undefined, old.key);
  const made = { root, intermediate, old, renewed };
  const leaves = await Promise.all(
    Object.entries({ root, intermediate, old }).map(
      async ([name, ca]) => [`leaf of ${name}`, (await issue(`leaf of ${name}`, 90, ca)).pem] as const,
    ),
  );
  pems = Object.fromEntries([
    ...Object.entries(made).map(([name, { pem }]) => [name, pem] as const),
    ...leaves,
  ]);
});

it.each<[what: string, file: readonly string[], leaf: string, days: number | undefined]>([
  ['of the CA', ['root'], 'root', 3000],
  ['of an intermediate, before its root', ['intermediate', 'root'], 'intermediate', 100],
  ['of what has signed, not of what is trusted beside it', ['old', 'root'], 'root', 3000],
  ['of what has signed, wherever it stands', ['root', 'old'], 'old', -1],
  ['of the renewed one, under the same key', ['old', 'renewed'], 'old', 2000],
  ['of the first, where none has signed', ['root', 'old'], 'intermediate', 3000],
  ['of the first, without a leaf', ['intermediate', 'root'], '', 100],
  ['of none, where there is none', [], 'root', undefined],
])('the end is that %s', (_what, file, leaf, days) => {
  const end = endOfChain(
    file.map((name) => pems[name]).join(''),
    leaf === '' ? [] : [pems[`leaf of ${leaf}`]!],
  );
  expect(end && (end.getTime() - START.getTime()) / DAY).toBe(days);
});
