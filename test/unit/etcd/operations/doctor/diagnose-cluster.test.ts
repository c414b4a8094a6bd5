import { describe, expect, it } from 'vitest';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { diagnose, sceneOf } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import type { Evidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

import { cluster, DOCTOR, DOWN, HEALTHY, NAMES, SICK } from './scenes.ts';

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
      /192\.0\.2\.9 is not a member's address\)$/,
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
  const named = (third: Readonly<Record<string, readonly string[]>>, facts: Partial<EtcdFacts> = {}) => {
    const { all } = cluster();
    return NAMES.map((name, i) => {
      const one = all[i] as Evidence;
      const firewall = {
        ...one.facts.firewall,
        resolved: new Map(Object.entries(i === 2 ? third : resolved)),
      };
      const member = memberOf({ name, vars: hostvars[name] ?? {}, hostvars });
      return { ...one, member, facts: { ...one.facts, firewall, ...(i === 2 && facts) } };
    });
  };
  const of = (third: Readonly<Record<string, readonly string[]>>, facts: Partial<EtcdFacts> = {}) => {
    const all = named(third, facts);
    return diagnose(
      sceneOf(
        all.map(({ member }) => member),
        all,
      ),
    ).map(({ cause, hosts, evidence }) => [cause, hosts, evidence]);
  };
  // Its own name on the host itself matters where it binds that, and is asked there.
  const own = { ...resolved, 'etcd03.lan': ['127.0.1.1'] };
  expect(of(own)).toEqual([]);
  expect(of(own, { reading: SICK, resolved: '127.0.1.1' })).toEqual([
    [
      'unresolved',
      ['etcd03'],
      ['etcd03: etcd03.lan is 127.0.1.1 on the host itself, where nobody else reaches it'],
    ],
  ]);
  const { 'etcd02.lan': _, ...without } = resolved;
  expect(of(without)).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan does not resolve there, and 10.0.0.2 on others']],
  ]);
  expect(of({ ...resolved, 'etcd02.lan': ['10.9.9.9'] })).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan is 10.9.9.9 there, and 10.0.0.2 on others']],
  ]);
});

it('an answer that nobody here can read is not a reason to believe what journals tell of other times', () => {
  const reading = {
    ...HEALTHY,
    unanswered: [{ question: 'alarm list', kind: 'unknown', said: 'etcdctl 3.9.1 answered in a shape' }],
  } as const;
  const journal = '{"level":"warn","msg":"x","error":"dial tcp 10.0.0.2:2380: connect: connection refused"}';
  expect(diagnose(cluster({ 0: { reading, journal } }))).toEqual([]);
});
