import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { site } from '../../../../../lib/etcd/operations/doctor/remedies.ts';
import { aboutMember } from '../../../../../lib/etcd/operations/doctor/scene.ts';
import { whileOpen } from '../../../../../lib/etcd/operations/doctor/while-open.ts';
import { cluster, DOWN, SITE, START, WELL } from './scenes.ts';

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
const [OLD, BOTH] = [pem('b2xk'), `${pem('b2xk')}${pem('bmV3')}`];
const intent = (verb: string) => ({ verb, target: 'data of etcd01', runId: 'r1' });

describe('the doctor of a cluster where something is half-way', () => {
  it('names that first, with the line that goes on', () => {
    const [first] = diagnose(cluster({ 0: { facts: { intent: intent('recover') } }, 2: DOWN }));
    expect(first).toMatchObject({
      cause: 'half-way',
      evidence: ['run r1 has begun something that is not finished: recover, to data of etcd01'],
      remedy: [expect.stringContaining(commandLine('recover'))],
    });
  });

  it('names members that let no client in', () => {
    const [first] = diagnose(cluster({ 1: { reading: { ...WELL, closed: true } } }));
    expect(first).toMatchObject({
      cause: 'half-way',
      hosts: ['etcd02'],
      remedy: ['on etcd02: rm -f /run/quorate-etcd.env; systemctl restart etcd'],
    });
  });

  it('names the users of etcd that keep it from going on, though members are well', () => {
    const said = 'Error: etcdserver: permission denied';
    const reading = {
      ...WELL,
      closed: true,
      askedAt: 'https://127.0.0.1:2379',
      unanswered: [{ question: 'alarm list', kind: 'refused', said }],
    } as const;
    const shut = { reading, facts: { intent: intent('restore') } };
    const found = diagnose(cluster({ 0: shut, 1: shut, 2: shut }));
    expect(found.map(({ cause }) => cause)).toEqual(['half-way', 'auth']);
    expect(found[1]?.remedy[0]).toMatch(/--endpoints=https:\/\/127\.0\.0\.1:2379 --user=root user add/);
  });

  it('sends nobody to a playbook that refuses meanwhile: a member that rests is started', () => {
    const found = diagnose(cluster({ 0: { facts: { intent: intent('certs') } }, 2: DOWN }));
    const steps = found.flatMap(({ remedy }) => remedy).join('\n');
    expect(found.map(({ cause }) => cause)).toContain('stopped');
    expect(steps).not.toContain(SITE);
    expect(steps).toContain(START);
    expect(steps).toContain('--rotate-ca');
  });

  it.each(['certs', 'upgrade', 'restore'])(
    'has certificates that have ended made anew while others than a restore are open: %s',
    (verb) => {
      const noted = { intent: intent(verb) };
      const scene = cluster({ 0: { facts: noted }, 1: { facts: noted }, 2: { facts: noted } });
      const about = aboutMember(scene.members[2]!, scene);
      const [first] = whileOpen([site(about, 'certs')], about, scene);
      expect(first).toContain(commandLine(verb === 'restore' ? verb : 'certs'));
      expect(first?.endsWith('--renew')).toBe(verb !== 'restore');
    },
  );

  it('takes nobody on the way from one CA to another for a stranger', () => {
    const all = (verb: string) =>
      cluster({
        0: { facts: { intent: intent(verb), caPem: OLD } },
        1: { facts: { intent: intent(verb), caPem: BOTH } },
        2: { facts: { intent: intent(verb), caPem: OLD } },
      });
    expect(diagnose(all('certs')).map(({ cause }) => cause)).toEqual(['half-way']);
    expect(diagnose(all('upgrade')).map(({ cause }) => cause)).toContain('wrong-ca');
  });
});
