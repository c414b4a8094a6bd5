import { expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { Answer, Finding } from '../../../../lib/etcd/health/answer.ts';
import { wayOut } from '../../../../lib/etcd/health/way-out.ts';
import { memberReading } from '../../support/fake-cluster.ts';

const well = { reading: memberReading({ healthy: true }) } as Answer;
const sick = { reading: undefined } as Answer;
const found = (...checks: readonly Finding['check'][]) => checks.map((check) => ({ check, message: check }));

const DOCTOR = `${commandLine('doctor')} looks for causes`;
const MEMBERS = `${commandLine('members')} --check shows how its members differ from the inventory`;
const RECOVER = `where too many are lost for good, ${commandLine('recover')} --check shows what is left`;

it.each<[string, readonly Answer[], readonly Finding[], readonly string[]]>([
  ['one is sick', [well, well, sick], found('health'), [DOCTOR]],
  ['a list that is not the inventory’s', [well, well], found('membership'), [DOCTOR, MEMBERS]],
  ['a learner', [well, well, well], found('learner'), [DOCTOR, MEMBERS]],
  ['one that was added', [well, well, well], found('unstarted'), [DOCTOR, MEMBERS]],
  ['a quorum that is lost', [well, sick, sick], found('health', 'health'), [DOCTOR, RECOVER]],
  ['half of them', [well, well, sick, sick], found('health'), [DOCTOR, RECOVER]],
  ['both', [sick, sick], found('health', 'unstarted'), [DOCTOR, MEMBERS, RECOVER]],
])('the way out names the verb: %s', (_what, answers, findings, wanted) => {
  expect(wayOut({ name: 'c' }, answers, findings)).toBe(wanted.join('; '));
});

it('with the name of the cluster where the inventory has others', () => {
  const said = wayOut({ name: 'c', hasSiblings: true }, [sick], found('learner'));
  expect(said).toContain(`${commandLine('members')} --cluster c --check`);
  expect(said).toContain(`${commandLine('recover')} --cluster c --check`);
});

it('with what gives a full database more room, for all members, and then takes the alarm back', () => {
  const said = wayOut({ name: 'c', hasSiblings: true }, [well, well, well], found('no-space'));
  const disarm = `${commandLine('etcdctl')} --cluster c -- alarm disarm`;
  expect(said).toBe(
    `${DOCTOR}; where data needs more room, raise quota-backend-bytes in etcd_settings for all members, then ${commandLine('site')}; once there is room, ${disarm} takes the alarm back`,
  );
  expect(wayOut({ name: 'c' }, [well, well, well], found('alarm'))).toBe(DOCTOR);
});

it('with the hosts whose certificates are made anew, unless these ended with their CA', () => {
  const findings: readonly Finding[] = [{ check: 'certificate', host: 'etcd03', message: 'ended' }];
  const of = (caEnd?: Date) => [{ ...well, caEnd, member: { host: 'etcd03' } } as Answer];
  const renewal = `${commandLine('certs')} --renew etcd03 makes certificates anew, without a restart`;
  expect(wayOut({ name: 'c' }, of(), findings)).toBe(`${DOCTOR}; ${renewal}`);
  expect(wayOut({ name: 'c' }, of(new Date(0)), findings)).toBe(DOCTOR);
});
