import { expect, test } from 'vitest';
import { foldHosts, nameHosts } from '../../../lib/report/hosts.ts';

test.each([
  [[], ''],
  [['etcd01'], 'etcd01'],
  [['etcd01', 'etcd02', 'etcd03'], 'etcd[01:03]'],
  [['etcd03', 'etcd01', 'etcd02', 'etcd01'], 'etcd[01:03]'],
  [['etcd01', 'etcd03'], 'etcd01, etcd03'],
  [['n8', 'n9', 'n10'], 'n[8:10]'],
  [['n08', 'n09', 'n10'], 'n[08:10]'],
  [['n1', 'n02'], 'n1, n02'],
  [['10.0.0.1', '10.0.0.2'], '10.0.0.[1:2]'],
  [['e1.k8s', 'e2.k8s', 'e3.k8s'], 'e[1:3].k8s'],
  [['n1x1', 'n1x2', 'n2x1'], 'n1x[1:2], n2x1'],
  [['a', 'control', 'etcd1', 'etcd2'], 'a, control, etcd[1:2]'],
])('%j is written %s', (names, expected) => {
  expect(foldHosts(names)).toBe(expected);
});

test('a long list says who is missing, or how many there are', () => {
  const all = Array.from({ length: 60 }, (_, i) => `node-${i + 10}`);
  const missing = new Set(['node-20', 'node-30', 'node-40']);
  const odd = all.filter((_, i) => i % 2 === 0);
  expect(nameHosts(all, all)).toBe('node-[10:69]');
  const most = all.filter((name) => !missing.has(name));
  expect(nameHosts(most, all)).toBe('all but node-20, node-30, node-40');
  expect(nameHosts(odd, all)).toBe('30 hosts: node-10, node-12, node-14, node-16, nod…');
});
