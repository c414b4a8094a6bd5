import { expect, it } from 'vitest';
import { whereToRun } from '../../../lib/etcd/etcdctl-line.ts';
import { on } from '../../../lib/etcd/operations/doctor/remedies.ts';
import { surveyedOf } from '../support/fake-cluster.ts';

it.each<[string, object, string | undefined, string]>([
  ['another machine', {}, '# on etcd01, as root or etcd:', 'on etcd01: x'],
  ['a plain process there', { etcd_service_manager: 'process' }, '# on etcd01:', 'on etcd01: x'],
  ['systemd here', { ansible_connection: 'local' }, '# as root or etcd:', 'here: x'],
  [
    'a plain process here',
    { ansible_connection: 'local', etcd_service_manager: 'process' },
    undefined,
    'here: x',
  ],
])('a line to copy says where, and as whom: %s', (_where, vars, head, remedy) => {
  const member = surveyedOf([{}], { ...vars }).cluster.members[0]!;
  expect(whereToRun(member)).toEqual(head === undefined ? [] : [head]);
  expect(on(member, 'x')).toBe(remedy);
});
