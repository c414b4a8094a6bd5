import { describe, expect, it } from 'vitest';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { diagnose, sceneOf } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import type { Evidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
import { aboutMember } from '../../../../../lib/etcd/operations/doctor/scene.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

import {
  cluster,
  ctl,
  DOCTOR,
  DOWN,
  EMPTY,
  FORMED,
  LIST,
  listing,
  NAMES,
  SICK,
  SITE,
  told,
} from './scenes.ts';

describe('a list of members', () => {
  it('has one that the inventory does not have', () => {
    const stranger = {
      id: 'f9',
      name: 'etcd09',
      peerUrls: ['https://10.0.0.9:2380'],
      clientUrls: ['x'],
      learner: false,
    };
    const found = told({ reading: listing([...LIST, stranger]) }, listing([...LIST, stranger]));
    expect(found.causes).toEqual(['not-in-inventory']);
    expect(found.evidence).toBe('member etcd09 (f9) at https://10.0.0.9:2380');
    expect(found.next).toMatch(/member remove f9$/);
  });

  it('has a learner that runs: it is promoted; one that nobody knows goes', () => {
    const mine = LIST.map((one) => (one.id === 'b3' ? { ...one, learner: true } : one));
    expect(told({ reading: listing(mine) }, listing(mine)).next).toContain(ctl('member promote b3'));
    const other = [
      ...LIST,
      { id: 'f9', name: '', peerUrls: ['https://10.0.0.9:2380'], clientUrls: [], learner: true },
    ];
    expect(told({ reading: listing(other) }, listing(other)).next).toMatch(/member remove f9$/);
  });

  it('of one: another comes as a learner, since a second vote would end the quorum', () => {
    const alone = listing(LIST.slice(0, 1));
    const scene = sceneOf(cluster().members.slice(0, 2), [
      ...cluster({ 0: { reading: alone } }).all.slice(0, 1),
      ...cluster({ 1: { ...DOWN, reading: SICK, evidence: EMPTY } }).all.slice(1, 2),
    ]);
    const [first] = diagnose(scene);
    expect(first?.cause).toBe('not-a-member');
    expect(first?.remedy?.join('\n')).toMatch(
      /member add etcd02 --learner .*\n.*it ends with 7.*\n.*member list\n.* member promote ID/,
    );
  });
});

it('most members without data: restored from the copy that is left, on all hosts', () => {
  const gone = { ...DOWN, reading: SICK, facts: { formed: FORMED }, evidence: EMPTY } as const;
  const scene = cluster({ 0: { ...DOWN, reading: SICK }, 1: gone, 2: gone });
  const [first] = diagnose(scene);
  expect([first?.cause, first?.hosts]).toEqual(['majority-lost', ['etcd02', 'etcd03']]);
  const [, member] = scene.members;
  const { hint } = reportDiagnosis(first as NonNullable<typeof first>, {
    afterOthers: false,
    about: member && aboutMember(member, scene),
  });
  expect(hint?.split('\nthen: ').map((step) => step.slice(0, 60))).toEqual(
    [
      'next: on etcd01: systemctl stop etcd; cp /var/lib/etcd/default.et',
      'copy /root/etcd-kept.db from etcd01 to the same place on etcd0',
      'on etcd01: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      'on etcd02: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      'on etcd03: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      SITE,
    ].map((step) => expect.stringContaining(step.replace(/^next: /, '').slice(0, 50))),
  );
});

it('a run that is at work is named, and waited for', () => {
  const [first] = diagnose(cluster({ 2: DOWN }));
  const error = reportDiagnosis(first as NonNullable<typeof first>, {
    afterOthers: false,
    holder: 'alice@laptop (pid 812 on etcd01)',
  });
  expect(error.message).toContain('meanwhile a run is at work: alice@laptop (pid 812 on etcd01)');
  expect(error.hint).toBe(
    `next: wait for the run of alice@laptop (pid 812 on etcd01): this may be its doing\nthen: ${DOCTOR}`,
  );
});

describe('whom a refused certificate is about', () => {
  const rejected = (from: string, error: string) =>
    `{"level":"warn","msg":"rejected connection on peer endpoint","remote-addr":"${from}:34658","server-name":"","error":"${error}"}`;
  const NOT_FOR = 'tls: failed to verify certificate: x509: certificate is valid for 10.0.0.3, not';
  it.each<[string, string, Partial<Evidence>, string, RegExp]>([
    ['the member at that address', rejected('10.0.0.3', `${NOT_FOR} 10.0.0.3`), {}, 'san etcd03', /./],
    [
      'a member at another address of its host',
      rejected('10.0.0.66', `${NOT_FOR} 10.0.0.66`),
      { addresses: ['10.0.0.3', '10.0.0.66'] },
      'source-address etcd03',
      /10\.0\.0\.66 is another address of etcd03\)$/,
    ],
    [
      'a member behind an address that is nobody’s: translated on the way',
      rejected('192.0.2.9', `${NOT_FOR} 192.0.2.9`),
      {},
      'source-address etcd03',
      /192\.0\.2\.9 is not its address here\)$/,
    ],
    [
      'a client',
      rejected('192.0.2.9', "tls: client didn't provide a certificate"),
      {},
      'no-client-certificate etcd01',
      /192\.0\.2\.9 is no member's address\)$/,
    ],
    [
      'the other end by the old format',
      'embed: rejected connection from "10.0.0.3:45458" (error "x509: certificate signed by unknown authority", ServerName "")',
      {},
      'wrong-ca etcd03',
      /./,
    ],
    [
      'the one that wrote it, where a name leads nowhere',
      rejected(
        '10.0.0.3',
        'tls: \\"10.0.0.3\\" does not match any of DNSNames [\\"etcd03.lan\\"] (lookup etcd03.lan on 10.0.0.53:53: no such host)',
      ),
      {},
      'unresolved etcd01',
      /no such host/,
    ],
  ])('%s', (_name, journal, evidence, cause, shown) => {
    const all = cluster({ 0: { reading: SICK, journal }, 2: { reading: SICK, evidence: { ...evidence } } });
    const found = diagnose(all).find((one) => [one.cause, ...one.hosts].join(' ') === cause);
    expect(found?.evidence.join('\n')).toMatch(shown);
  });
});

it('names that lead elsewhere on one host', () => {
  const hostvars = Object.fromEntries(
    NAMES.map((name) => [name, { ...DEFAULTS, etcd_address: `${name}.lan`, etcd_cluster_name: 'c' }]),
  );
  const resolved = { 'etcd01.lan': ['10.0.0.1'], 'etcd02.lan': ['10.0.0.2'], 'etcd03.lan': ['10.0.0.3'] };
  const named = (third: Readonly<Record<string, readonly string[]>>) => {
    const { all } = cluster();
    return NAMES.map((name, i) => {
      const one = all[i] as Evidence;
      const firewall = {
        ...one.facts.firewall,
        resolved: new Map(Object.entries(i === 2 ? third : resolved)),
      };
      const member = memberOf({ name, vars: hostvars[name] ?? {}, hostvars });
      return { ...one, member, facts: { ...one.facts, firewall } };
    });
  };
  const of = (third: Readonly<Record<string, readonly string[]>>) => {
    const all = named(third);
    return diagnose(
      sceneOf(
        all.map(({ member }) => member),
        all,
      ),
    ).map(({ cause, hosts, evidence }) => [cause, hosts, evidence]);
  };
  // Its own name on the host itself is another matter.
  expect(of({ ...resolved, 'etcd03.lan': ['127.0.1.1'] })).toEqual([]);
  const { 'etcd02.lan': _, ...without } = resolved;
  expect(of(without)).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan does not resolve there, and 10.0.0.2 on others']],
  ]);
  expect(of({ ...resolved, 'etcd02.lan': ['10.9.9.9'] })).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan is 10.9.9.9 there, and 10.0.0.2 on others']],
  ]);
});
