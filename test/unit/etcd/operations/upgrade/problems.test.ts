import { describe, expect, it } from 'vitest';
import { upgradeOperation, upgradeProblems } from '../../../../../lib/etcd/operations/upgrade/index.ts';
import { DEFAULTS } from '../../../support/defaults.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';

function problems(vars: object): readonly string[] {
  const own = { ...DEFAULTS, etcd_version: '3.7.3', ...vars };
  const host = { name: 'etcd01', vars: own, hostvars: { etcd01: own } };
  return upgradeProblems([host]).map(({ message, hint }) => `${message} (${hint})`);
}

describe('the command line of an upgrade', () => {
  it.each([
    [{ etcd_version: undefined }, 'etcd_version is not set'],
    [{ downgrade: true, cancel: true }, 'choose one'],
    [{ cancel: true, via: '3.6.16' }, '--via means nothing with --cancel'],
    [{ via: '3.6' }, '--via names "3.6", which is not a release'],
    [{ via: '3.6.16,' }, '--via names "", which is not a release'],
    [{ via: '3.6.16;reboot' }, 'which is not a release'],
    [{ via: '3.6.16,3.5.33' }, '--via names 3.5.33 in the wrong place'],
    [{ via: '3.7.3' }, '--via names 3.7.3, which is not on the way to 3.7.3'],
    [{ etcd_source: 'path' }, 'etcd_source of etcd01 is path'],
  ])('%j', (vars, wanted) => {
    expect(problems(vars)).toEqual([expect.stringContaining(wanted)]);
  });

  it.each([
    {},
    { via: '3.5.33, 3.6.16' },
    { etcd_version: '3.5.33', downgrade: true, via: '3.6.16' },
    { cancel: true },
    { via: '3.6.0-rc.1' },
  ])('is fine: %j', (vars) => {
    expect(problems(vars)).toEqual([]);
  });
});

it.each([
  ['an upgrade that was done', { done: 'r2' }, ['forgetting what ran before']],
  ['the one that goes on', {}, []],
])('what a turn has kept is no way back of another upgrade: of %s', async (_what, change, done) => {
  const doings: string[] = [];
  const intent = { verb: 'upgrade', target: 'etcd 3.6.16', runId: 'r1', ...change };
  const says = (doing: string) => {
    doings.push(doing);
    return '';
  };
  const cluster = fakeCluster([{ facts: { intent }, says }]);
  await upgradeOperation().prepare?.(cluster.run(), cluster);
  expect(doings).toEqual(done);
});
