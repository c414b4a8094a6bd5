import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import { type EtcdFacts, ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import { worthKnowing } from '../../../../lib/etcd/health/worth-knowing.ts';
import { clusterFacts, memberReading, memberStatus, surveyedOf } from '../../support/fake-cluster.ts';

/** As much of one as says how long it holds, DER. */
function listOfLife(from: number, until: number): Buffer {
  const part = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content]);
  const time = (offset: number) =>
    part(
      0x18,
      Buffer.from(new Date(Date.now() + offset * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')),
    );
  return part(0x30, part(0x30, Buffer.concat([time(from), time(until)])));
}

const days = (count: number) => new Date(Date.now() + (count + 0.5) * 86_400_000);

async function said({
  ca,
  leaf = 3000,
  keyType = 'ecdsa-256',
  facts = {},
  vars = {},
}: {
  ca?: number;
  leaf?: number;
  keyType?: string;
  facts?: Partial<EtcdFacts>;
  vars?: object;
}) {
  const certificates = [
    {
      file: 'server.pem' as const,
      from: new Date(0),
      until: days(leaf),
      names: [],
      lacks: [],
      keyType: 'ecdsa-256',
    },
  ];
  const reading = memberReading({ certificates, checksList: true });
  const surveyed = surveyedOf([{ reading, cluster: clusterFacts({ keyType }), ...facts }], {
    etcd_cluster_name: 'c',
    ...vars,
  });
  return worthKnowing(surveyed, [
    { member: surveyed.cluster.members[0]!, reading, caEnd: ca === undefined ? undefined : days(ca) },
  ]);
}

describe('what is worth knowing of a cluster', () => {
  it('is nothing where all is long', async () => {
    expect(await said({ ca: 3000 })).toEqual([]);
  });

  it('is a downgrade under way, and what ends it', () => {
    const reading = memberReading({ status: memberStatus(1, { goingDownTo: '3.6.0' }) });
    const surveyed = surveyedOf([{ reading, cluster: clusterFacts() }], { etcd_cluster_name: 'c' });
    expect(worthKnowing(surveyed, [{ member: surveyed.cluster.members[0]!, reading }])).toEqual([
      expect.stringMatching(/^c: a downgrade to 3\.6\.0 is under way: .*--downgrade.*upgrade.*--cancel/),
    ]);
  });

  it('is the end of the CA, half a year before, and that no run renews it', async () => {
    expect(await said({ ca: 179 })).toEqual([
      `c: its CA ends in 179 days, and every certificate with it; no run renews it: ${commandLine('certs')} --rotate-ca makes another one`,
    ]);
    expect(await said({ ca: -3 })).toEqual([expect.stringMatching(/^c: its CA ended \d{4}-\d\d-\d\d/)]);
  });

  it.each<[from: number, until: number, said: RegExp | undefined]>([
    [-5, 25, undefined],
    [-25, 5, /^c: the list of revoked certificates on etcd01 ends \d{4}-.*--crl FILE/],
    [-0.8, 0.6, undefined],
    [-1, 0.2, /ends/],
    [-30, -1, /ended \d{4}-.*members still go by it/],
  ])(
    'is a list of revoked certificates that has ended, or will soon: %d to %d days',
    async (from, until, what) => {
      const facts = { kept: { ...NOTHING_KEPT, crl: listOfLife(from, until) } };
      const lines = await said({ facts });
      expect(lines).toEqual(what === undefined ? [] : [expect.stringMatching(what)]);
    },
  );

  it('is that of a certificate, which a run renews unless it ends with its CA', async () => {
    expect(await said({ ca: 3000, leaf: 12 })).toEqual([
      'etcd01: a certificate ends in 12 days: a run renews it',
    ]);
    expect((await said({ ca: 12, leaf: 12 }))[0]).toBe('etcd01: a certificate ends in 12 days');
  });

  it('is what the next start would run instead of what runs now', async () => {
    const runs = memberReading({ status: memberStatus(1, { version: '3.7.3' }) });
    const next = (kept: Partial<EtcdFacts['kept']>, more: Partial<EtcdFacts> = {}) =>
      said({ facts: { reading: runs, kept: { ...NOTHING_KEPT, ...kept }, ...more } });
    const mended = `its next start, or a reboot, ends the member; ${commandLine('site')} -r binaries puts it right`;
    expect(await next({ program: '3.7.3' })).toEqual([]);
    expect(await next({ program: '3.6.16' })).toEqual([
      `etcd01: /opt/etcd/bin/etcd is etcd 3.6.16, and the member runs 3.7.3: ${mended}`,
    ]);
    expect(await next({ unrunnable: 'is missing' })).toEqual([
      `etcd01: /opt/etcd/bin/etcd is missing: ${mended}`,
    ]);
    const intent = { verb: 'upgrade', target: '3.7.3', runId: '20261128T000000-1' };
    expect(await next({ program: '3.6.16' }, { intent })).toEqual([]);
  });

  it('is a member that does not start with its host', async () => {
    const states = ['enabled', 'disabled', 'masked', 'masked-runtime', 'static'];
    const lines = states.map((unitState) => said({ facts: { service: 'active', unitState } }));
    const enables = `${commandLine('site')} -r systemd enables it`;
    expect((await Promise.all(lines)).flat()).toEqual([
      `etcd01: etcd is disabled: a reboot leaves the member down; ${enables}`,
      `etcd01: etcd is masked: a reboot leaves the member down; find out why: systemctl unmask etcd there, then ${enables}`,
      `etcd01: etcd is masked-runtime: a reboot leaves the member down; find out why: systemctl unmask --runtime etcd there, then ${enables}`,
    ]);
    expect(await said({ facts: { service: 'inactive', unitState: 'disabled' } })).toEqual([]);
  });

  const MIB = 1024 ** 2;
  const URL = { clientUrl: 'https://10.0.0.1:2379' };
  it.each<
    [
      what: string,
      size: number,
      told: Partial<MemberReading>,
      given: number | undefined,
      warns: boolean | RegExp,
    ]
  >([
    ['is little', 1, URL, undefined, false],
    ['has most of what etcd takes by itself', 1700, URL, undefined, /or raise quota-backend-bytes/],
    ['has most of what the member was started with', 90, { ...URL, quota: 100 * MIB }, 8192 * MIB, true],
    ['has little of that', 1700, { ...URL, quota: 8192 * MIB }, undefined, false],
    [
      'has most of what etcd takes, and is to get more',
      1700,
      URL,
      8192 * MIB,
      /or \S.* gives it that of etcd_settings$/,
    ],
    ['has most of what the inventory gives, and nobody else tells', 90, {}, 100 * MIB, true],
    ['has little of that, and nobody else tells', 1700, {}, 8192 * MIB, false],
    [
      'has little of what the member says',
      1700,
      { status: memberStatus(1, { quota: 8192 * MIB }) },
      1,
      false,
    ],
    [
      'has most of what etcd takes, as the member says',
      1700,
      { status: memberStatus(1, { quota: 0 }) },
      1,
      true,
    ],
    ['has no quota', 1700, { ...URL, quota: -1 }, undefined, false],
    ['has none by the inventory', 1700, {}, -1, false],
    ['has none, as the member says', 1700, { status: memberStatus(1, { quota: -1 }) }, 1, false],
  ])('is data that nears its quota: %s', (_what, size, told, given, warns) => {
    const status = { ...memberStatus(1), ...told.status, dbSize: size * MIB };
    const reading = memberReading({ ...told, status });
    const settings = given === undefined ? {} : { 'quota-backend-bytes': given };
    const surveyed = surveyedOf([{ reading, cluster: clusterFacts() }], { etcd_settings: settings });
    const lines = worthKnowing(surveyed, [{ member: surveyed.cluster.members[0]!, reading }]);
    const [line] = lines.filter((one) => /of etcd01 has \d\d % of its quota of \d+ MiB/.test(one));
    expect(line !== undefined).toBe(warns !== false);
    if (warns instanceof RegExp) expect(line).toMatch(warns);
  });

  it('is clocks that differ, by more than their readings do', () => {
    const at = (offset: number, within = 5) => ({ host: { ...ORDINARY.host, clock: { offset, within } } });
    const of = (...facts: readonly Partial<EtcdFacts>[]) =>
      worthKnowing(surveyedOf(facts, { etcd_cluster_name: 'c' }), []);
    expect(of(at(2500), at(2600), at(2700))).toEqual([]);
    expect(of(at(0, 900), at(1500, 900))).toEqual([]);
    expect(of(at(0), at(100), at(-3200))).toEqual([
      'c: clocks differ: that of etcd02 is 3.3 s ahead of that of etcd03: chronyc tracking, or timedatectl timesync-status, there',
    ]);
  });

  it('is a drop-in that makes another member of it', async () => {
    const unit = {
      dropIns: [{ path: '/x.conf', lines: ['ProtectSystem=no', 'LimitNOFILE=9'] }],
      dropInDigest: 'x',
    };
    expect(await said({ facts: { unit } })).toEqual([
      'etcd01: /x.conf changes how etcd runs: ProtectSystem=no; take it out, or say it in etcd_settings',
    ]);
  });

  it('is a type of key that was changed, and how to get it', async () => {
    expect(await said({ keyType: 'rsa-2048' })).toEqual([
      'etcd01: /opt/etcd/ssl/server.pem has a key of type ecdsa-256, and new ones are rsa-2048: move it away there, and a run issues it anew',
    ]);
  });

  it('is a peer port that is open to clients, until somebody says whose certificates are those of members', async () => {
    const kept = (peersApart: boolean | undefined) => ({ kept: { ...ORDINARY.kept, peersApart } });
    const settings = { 'peer-cert-allowed-hostname': 'localhost' };
    expect(await said({ facts: kept(false) })).toEqual([
      'c: the peer port of etcd01 lets in any certificate of the CA, those of clients too: once all members have certificates from here, etcd_settings: {peer-cert-allowed-hostname: localhost} lets in members only, by a rolling restart',
    ]);
    expect(await said({ facts: kept(false), vars: { etcd_settings: settings } })).toEqual([]);
    expect(await said({ facts: kept(true) })).toEqual([]);
    expect(await said({ facts: kept(undefined) })).toEqual([]);
  });

  it('is an address that came later, which others refuse after the next start', async () => {
    const sources = [{ to: '10.0.0.2', from: '10.0.0.7' }];
    expect(await said({ facts: { sources } })).toEqual([
      'etcd01: its packets to 10.0.0.2 leave from 10.0.0.7, and others know it as 10.0.0.1: once it is started anew, they are refused there: take 10.0.0.7 away, or give the route the other source (ip route change, with src 10.0.0.1)',
    ]);
    expect(await said({ facts: { sources, reading: memberReading({ healthy: false }) } })).toEqual([]);
    expect(await said({ facts: { sources: [{ to: '10.0.0.2', from: '10.0.0.1' }] } })).toEqual([]);
  });

  it('is none that the certificate has, where nobody filters', async () => {
    const certificate = { file: 'peer.pem' as const, from: new Date(0), until: days(99), lacks: [] };
    const reading = memberReading({ certificates: [{ ...certificate, names: ['10.0.0.1', '10.0.0.7'] }] });
    const facts = { sources: [{ to: '10.0.0.2', from: '10.0.0.7' }], reading };
    expect(await said({ facts })).toHaveLength(1);
    expect(await said({ facts, vars: { etcd_firewall: 'none' } })).toEqual([]);
  });

  it('is a firewall that lets in what nothing here can shut out', async () => {
    const firewall = { ...ORDINARY.firewall, backend: 'firewalld' as const, own: 'none' as const };
    expect(await said({ facts: { firewall } })).toEqual([
      'etcd01: what firewalld lets in besides stays open: there is neither nft nor iptables to shut it out with; install nftables',
    ]);
    expect(await said({ facts: { firewall: { ...firewall, own: 'nftables' } } })).toEqual([]);
    expect(await said({ facts: { firewall }, vars: { etcd_firewall: 'none' } })).toEqual([]);
  });
});
