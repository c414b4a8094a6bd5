import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { sceneOf } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { parseEvidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import {
  endsSoon,
  ofCertificates,
  renewCa,
} from '../../../../../lib/etcd/operations/doctor/measured/certificates.ts';
import { signCertificate } from '../../../../../lib/pki/engine.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const DAY = 86_400_000;
const NAMES = ['etcd01', 'etcd02', 'etcd03'];
const hostvars = Object.fromEntries(
  NAMES.map((name, i) => [name, { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}`, etcd_cluster_name: 'c' }]),
);

/** Three hosts with a CA that ends in so many days. */
async function hosts(...ends: readonly number[]) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pems = await Promise.all(
    ends.map((days) =>
      signCertificate(
        {
          subject: [['CN', 'ca']],
          names: [],
          notBefore: new Date(Date.now() - 400 * DAY),
          notAfter: new Date(Date.now() + (days + 0.5) * DAY),
          usages: ['cert sign'],
          ca: { pathLength: 0 },
        },
        privateKey,
        { key: privateKey },
      ),
    ),
  );
  const caPem = pems.join('');
  return NAMES.map((name) => {
    const member = memberOf({ name, vars: hostvars[name] ?? {}, hostvars });
    return parseEvidence(member, { ...ORDINARY, caPem }, [], '');
  });
}

it.each<[string, readonly number[], boolean]>([
  ['has long', [181], false],
  ['ends within half a year', [179], true],
  ['ends today', [0], true],
  ['was renewed, with the old one beside it', [3000, 20], false],
  ['was renewed, with the old one before it', [20, 3000], false],
  ['has ended', [-2], false],
])('a CA that %s: how to renew it is said in good time', async (_name, ends, soon) => {
  expect(endsSoon(await hosts(...ends))).toBe(soon);
});

it('a CA that has ended is told before all that follows from it', async () => {
  const all = await hosts(-2);
  const clues = ofCertificates(
    sceneOf(
      all.map(({ member }) => member),
      all,
    ),
  );
  expect(clues).toEqual([{ cause: 'ca-expired', evidence: expect.stringMatching(/^ca\.pem ended \d{4}-/) }]);
});

it('a CA is renewed under its key; hosts take it from control', async () => {
  const all = await hosts(20);
  const steps = [
    'here: cd /pki; cp ca.pem ca.pem.before; openssl x509 -in ca.pem.before -signkey ca-key.pem -days 3650 -out ca.pem',
    ...NAMES.map(
      (name) =>
        `on ${name}: mv /opt/etcd/ssl/ca.pem /opt/etcd/ssl/ca.pem.before; mv /var/lib/quorate/etcd/ca /var/lib/quorate/etcd/ca.before`,
    ),
    `${commandLine('site')} -r certs`,
  ];
  const site = commandLine('site');
  expect(renewCa('/pki', all, false)).toEqual([...steps, site]);
  const restarts = NAMES.map((name) => `on ${name}: systemctl restart --no-block etcd`);
  expect(renewCa('/pki', all, true)).toEqual([...steps, ...restarts, site]);
  expect(renewCa('/pki', all.slice(0, 2), false)).toContain(restarts[0]);
  expect(renewCa('/pki', await hosts(20, -400), false)[0]).toMatch(
    /-out ca\.pem; awk '.*' ca\.pem\.before >>ca\.pem$/,
  );
});
