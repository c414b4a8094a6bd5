import { expect, it } from 'vitest';
import { auditNote } from '../../../lib/cli/audit-note.ts';
import { type Options, parseOptions } from '../../../lib/cli/flags/options.ts';

const OWN = [
  { name: 'purge', type: 'boolean', description: '' },
  { name: 'cluster', type: 'string', description: '' },
] as const;

it.each([
  [['-i', 'inventory/prod.yaml'], 'site -i inventory/prod.yaml'],
  [['-i', 'a.yaml', '-l', 'etcd02', '-r', 'certs', '--prune'], 'site -i a.yaml -l etcd02 -r certs --prune'],
  [['-t', 'x', '--skip-tags', 'y'], 'site -t x --skip-tags y'],
  [['--purge', '--cluster', 'prod'], 'site --purge --cluster prod'],
  [['-e', 'token=s3cret port=1'], 'site -e token=… port=…'],
  [['-e', '{"token": "s3cret"}'], 'site -e …'],
  [['-e', '@vars.yaml'], 'site -e @vars.yaml'],
  [['--', 'user', 'add', 'root:s3cret'], 'site -- user …'],
  [['--', 'uptime'], 'site -- uptime'],
])('%j is remembered as %s', (args, said) => {
  const options = parseOptions(args, OWN, [], true) as Options;
  expect(auditNote({ name: 'site' }, options)).toEqual({ command: said });
});

it('keeps the message', () => {
  const options = parseOptions(['--message', 'disk swap'], []) as Options;
  expect(auditNote({ name: 'site' }, options).message).toBe('disk swap');
});

it('tells the words as their playbook tells them', () => {
  const options = parseOptions(['--', 'put', '/k', 's3cret'], OWN, [], true) as Options;
  const tellsWords = ([command, key]: readonly string[]) => `${command} ${key} …`;
  expect(auditNote({ name: 'etcdctl', tellsWords }, options)).toEqual({ command: 'etcdctl -- put /k …' });
});
