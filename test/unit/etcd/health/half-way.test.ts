import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import { type EtcdFacts, ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import type { Intent } from '../../../../lib/etcd/facts/intent.ts';
import { answersFromFacts } from '../../../../lib/etcd/health/ask.ts';
import { askedOf, halfWay, restingRotation } from '../../../../lib/etcd/health/half-way.ts';
import { showOutcome, showStatus } from '../../../../lib/etcd/operations/site/verify.ts';
import { fingerprint } from '../../../../lib/pki/index.ts';
import { fakeCluster, memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const RESTORE: Intent = {
  verb: 'restore',
  target: 'snapshot sha256:3c',
  runId: 'r1',
  notes: { from: 'a.db' },
};
const found = (...facts: readonly Partial<EtcdFacts>[]) => {
  const surveyed = surveyedOf(facts, { etcd_cluster_name: 'c' });
  return halfWay(askedOf(surveyed), answersFromFacts(surveyed));
};

describe('what is half-way', () => {
  it('is what a verb has begun and not finished, with the line that goes on', () => {
    expect(found({ intent: RESTORE }, {})).toEqual([
      {
        check: 'half-way',
        message: 'run r1 has begun something that is not finished: restore, to snapshot sha256:3c',
        hint: expect.stringContaining(`${commandLine('restore')} --from a.db`),
      },
    ]);
  });

  it('is nothing once it is done', () => {
    expect(found({ intent: { ...RESTORE, done: 'r1' } }, { intent: RESTORE })).toEqual([]);
  });

  it('is a member that lets no client in, and what opens it', () => {
    const reading = memberReading({ closed: true });
    expect(found({ reading }, { reading: memberReading() })).toMatchObject([
      {
        check: 'closed',
        host: 'etcd01',
        message: 'etcd01 lets no client in: it listens on 127.0.0.1 alone',
        hint: 'on etcd01: rm -f /run/quorate-etcd.env; systemctl restart etcd',
      },
    ]);
    expect(found({ reading, intent: RESTORE })[1]?.hint).toContain('--from a.db');
  });

  it('is opened by a start without the file that closed it, whatever starts it', () => {
    const closed = { reading: memberReading({ closed: true }) };
    const surveyed = surveyedOf([closed], { etcd_service_manager: 'process' });
    expect(halfWay(askedOf(surveyed), answersFromFacts(surveyed))[0]?.hint).toMatch(
      /^on etcd01: rm -f \/\S+\/bootstrap\.env, and end the process that \S+ names; then .*site/,
    );
  });

  it('is no member that somebody has put behind a proxy, unless something is open', () => {
    const dropIns = [{ path: '/x.conf', lines: ['EnvironmentFile=/etc/behind-a-proxy'] }];
    const closed = {
      reading: memberReading({ closed: true }),
      unit: { dropIns, dropInDigest: undefined },
    };
    expect(found(closed)).toEqual([]);
    expect(found({ ...closed, intent: RESTORE }).map(({ check }) => check)).toEqual(['half-way', 'closed']);
  });

  it('is a member that a verb has closed and left so, whatever drop-ins its host has', () => {
    for (const line of ['EnvironmentFile=/etc/sysconfig/proxy', 'ExecStart=/usr/local/bin/etcd-wrapped']) {
      const dropIns = [{ path: '/etc/systemd/system/service.d/proxy.conf', lines: [line] }];
      const reading = memberReading({ closed: true, closedByVerb: true });
      expect(found({ reading, unit: { dropIns, dropInDigest: undefined } })).toMatchObject([
        { check: 'closed', hint: 'on etcd01: rm -f /run/quorate-etcd.env; systemctl restart etcd' },
      ]);
    }
  });

  it('is no member that is to listen on loopback alone', () => {
    const surveyed = surveyedOf([{ reading: memberReading({ closed: true }) }], {
      etcd_listen_address: '127.0.0.1',
    });
    expect(halfWay(askedOf(surveyed), answersFromFacts(surveyed))).toEqual([]);
  });
});

describe('a rotation of the CA', () => {
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  const both = `${pem('b2xk')}${pem('bmV3')}`;
  const intent: Intent = { verb: 'certs', target: `CA ${fingerprint(pem('bmV3').trim())}`, runId: 'r1' };
  const trusts = (caPem: string, loadedCa: string) => ({
    intent,
    caPem,
    kept: { ...ORDINARY.kept, loadedCa },
  });

  it('is half-way while members trust different ones', () => {
    expect(found(trusts(both, 'b'), trusts(pem('b2xk'), 'o'))).toMatchObject([{ check: 'half-way' }]);
    expect(found(trusts(both, 'b'), trusts(both, 'o'))).toMatchObject([{ check: 'half-way' }]);
  });

  it('rests where all trust both: that is worth knowing, and no fault', () => {
    const all = surveyedOf([trusts(both, 'b'), trusts(both, 'b')], { etcd_cluster_name: 'c' });
    expect(halfWay(askedOf(all), answersFromFacts(all))).toEqual([]);
    expect(restingRotation(askedOf(all))).toEqual([
      expect.stringMatching(/^c: a rotation of its CA is under way, begun by run r1, .*--rotate-ca/),
    ]);
  });
});

describe('the health that is told', () => {
  const cluster = () => fakeCluster([{ facts: { owner: 'c', intent: RESTORE, reading: memberReading() } }]);

  it('is none where something is half-way', async () => {
    const { run, errors } = cluster();
    await showStatus(run());
    expect(errors).toMatchObject([{ exitCode: 7, hint: expect.stringContaining('--from a.db') }]);
    expect(String(errors[0])).toContain('run r1 has begun something that is not finished');
  });

  it('behind another verb is its own: what waits is a warning', async () => {
    const { run, errors, said } = cluster();
    await showOutcome(run());
    expect(String(errors[0] ?? '')).not.toContain('run r1');
    expect(said).toContainEqual(expect.stringContaining('run r1 has begun something that is not finished'));
  });
});
