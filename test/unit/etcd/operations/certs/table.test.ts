import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import type { CertificateState } from '../../../../../lib/dsl/states/certificates-state.ts';
import { readLeaves } from '../../../../../lib/etcd/operations/certs/leaves.ts';
import {
  judgeCertificates,
  lackingCertificates,
  readCertificates,
} from '../../../../../lib/etcd/operations/certs/table.ts';
import { open } from '../../../pki/support.ts';
import { fakeCluster, memberReading } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const FINE: CertificateState = {
  host: 'etcd01',
  path: '/opt/etcd/ssl/server.pem',
  kind: 'server',
  subject: 'CN=etcd01',
  issuer: 'CN=a CA',
  from: '2026-01-01T00:00:00.000Z',
  until: '2030-01-01T00:00:00.000Z',
  days: 1300,
  sha256: 'aaaaaaaa11',
  served: { same: true, sha256: 'aaaaaaaa11', by: 'host' },
};

describe('certificates as they were found', () => {
  it.each<[what: string, changes: Partial<CertificateState>, problem: RegExp | undefined]>([
    ['fine', {}, undefined],
    ['nobody could make a handshake', { served: null }, undefined],
    ['over', { until: '2026-05-01T00:00:00.000Z', days: -31 }, /^etcd01: .*server\.pem ended 2026-05-01$/],
    ['yet to come', { from: '2026-07-01T00:00:00.000Z' }, /valid from 2026-07-01/],
    [
      'another one is shown',
      { served: { same: false, sha256: 'bbbbbbbb22', by: 'host' } },
      /is aaaaaaaa, and the member shows bbbbbbbb/,
    ],
    [
      'no handshake comes about',
      { served: { same: false, sha256: null, by: 'host' } },
      /no handshake comes about with the member/,
    ],
    [
      'of this machine',
      { host: 'control', path: '/x/pki/ca.pem', kind: 'ca', served: null, until: '2026-05-01T00:00:00.000Z' },
      /^\/x\/pki\/ca\.pem ended 2026-05-01$/,
    ],
  ])('%s', (_what, changes, problem) => {
    const { problems } = judgeCertificates([{ ...FINE, ...changes }], NOW);
    expect(problems).toHaveLength(problem ? 1 : 0);
    if (problem) expect(problems[0]).toMatch(problem);
  });

  it('has nothing against an intermediate that has ended, once another one under its root has signed all', () => {
    const ca = { ...FINE, path: '/opt/etcd/ssl/ca.pem', kind: 'ca', served: null } as const;
    const root = { ...ca, subject: 'CN=root', issuer: 'CN=root' };
    const policy = { ...ca, subject: 'CN=policy', issuer: 'CN=root', until: '2026-05-01T00:00:00.000Z' };
    const middle = { ...ca, subject: 'CN=middle', issuer: 'CN=policy', until: '2026-05-01T00:00:00.000Z' };
    const problems = (issuer: string) =>
      judgeCertificates([{ ...FINE, issuer }, middle, policy, root], NOW).problems.length;
    expect(problems('CN=another')).toBe(0);
    expect(problems('CN=policy')).toBe(1);
    expect(problems('CN=middle')).toBe(2);
  });

  it('warns of an end that is near, once it is not over', () => {
    const soon = { ...FINE, until: '2026-06-10T00:00:00.000Z', days: 9 };
    expect(judgeCertificates([soon], NOW).warnings).toEqual([
      'etcd01: /opt/etcd/ssl/server.pem ends in 9 days',
    ]);
    expect(judgeCertificates([FINE], NOW).warnings).toEqual([]);
  });
});

describe('the bundle of a client whose key is elsewhere', () => {
  it('is listed, and says so', async () => {
    const dir = scratch();
    await (await open(dir)).issueBundle('app');
    rmSync(join(dir, 'clients/app/app-key.pem'));
    const { certificates, table } = await readCertificates(fakeCluster([{}], { etcd_pki_dir: dir }));
    expect(certificates.at(-1)).toMatchObject({ kind: 'client', subject: 'CN=app', keyElsewhere: true });
    expect(table).toMatch(/clients\/app\/app\.pem .* key not here/);
  });
});

describe('certificates of members that do not run', () => {
  const files = (doing: string, pem: string) =>
    doing === 'looking at its certificates' ? `${MARK}@server.pem 0\n${pem}\n${MARK}@peer.pem 0\n${pem}` : '';

  it('are read from the disk, and count', async () => {
    const { pem } = await (await open(scratch())).ensureCa();
    const says = (doing: string) => files(doing, pem);
    const surveyed = fakeCluster([{ facts: { data: 'present' }, says }], { etcd_pki_dir: scratch() });
    const { certificates } = await readCertificates(surveyed);
    expect(certificates).toMatchObject([
      { host: 'etcd01', kind: 'server', served: null },
      { host: 'etcd01', kind: 'peer', served: null },
    ]);
    expect(lackingCertificates(surveyed, certificates)).toEqual({ problems: [], warnings: [] });
  });

  it('are so between two starts as well, when facts have a reading without any', async () => {
    const { pem } = await (await open(scratch())).ensureCa();
    const reading = memberReading({ healthy: false });
    const { hosts } = fakeCluster([{ facts: { reading }, says: (doing) => files(doing, pem) }]);
    const leaves = await readLeaves(hosts);
    expect(leaves.get(hosts[0]!)?.map(({ file }) => file)).toEqual(['server.pem', 'peer.pem']);
  });

  it('that are not there are named, and those of a host that is yet to be set up are not a fault', () => {
    const surveyed = fakeCluster([{ facts: { data: 'present' } }, {}]);
    const found = lackingCertificates(surveyed, [FINE, { ...FINE, host: 'etcd02' }]);
    expect(found).toEqual({
      problems: ['etcd01: no certificate could be read in /opt/etcd/ssl/peer.pem'],
      warnings: ['etcd02: no certificate could be read in /opt/etcd/ssl/peer.pem'],
    });
  });
});
