import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectHosts } from '../../../lib/inventory/index.ts';
import { load, refusal, write } from './support.ts';

describe('patterns', () => {
  const groups = 'a:\n  hosts:\n    n[1:3]:\nb:\n  hosts: { n3: , m1: }\nnone:\n';

  it.each([
    ['all', 'n1 n2 n3 m1'],
    ['*', 'n1 n2 n3 m1'],
    ['a', 'n1 n2 n3'],
    ['m1,n1', 'n1 m1'],
    ['a:b', 'n1 n2 n3 m1'],
    ['a:&b', 'n3'],
    ['a:!b', 'n1 n2'],
    ['!a', 'm1'],
    ['all:!n1,!n2', 'n3 m1'],
    ['n*', 'n1 n2 n3'],
    ['?1', 'n1 m1'],
    ['~n[12]', 'n1 n2'],
    ['~(n1|m1)$', 'n1 m1'],
    ['a[0]', 'n1'],
    ['a[-1]', 'n3'],
    ['a[1:]', 'n2 n3'],
    ['a[0:1]', 'n1 n2'],
    ['a[0-1]', 'n1 n2'],
    ['a[0:-1]', 'n1 n2 n3'],
    ['a[-2:-1]', 'n2 n3'],
    ['a[0:-9],m1', 'm1'],
    ['~n1, m1', 'n1 m1'],
    ['~n[13]:&b', 'n3'],
    ['~(?:n1|m1)$:!b', 'n1'],
    ['~n[0-9]{1,2}', 'n1 n2 n3'],
    [' n1 , m1 ', 'n1 m1'],
    ['@FILE', 'n1 m1'],
  ])('%s', async (pattern, names) => {
    const file = join(write({ hosts: '# mine\nm1\n\nn1\n' }), 'hosts');
    const found = selectHosts(await load(groups), pattern.replace('FILE', file), '--limit');
    expect(found.map(({ name }) => name).join(' ')).toBe(names);
  });

  it.each([
    ['n9', '--limit: "n9" is neither a host nor a group', 'did you mean n1?'],
    ['n', '--limit: "n" is neither a host nor a group', 'did you mean n1?'],
    ['zzzzzz', '--limit: "zzzzzz" is neither a host nor a group', 'known: all, a, b, none, n1, n2, n3, m1'],
    ['', '--limit: the pattern is empty', 'all names every host'],
    [',', '--limit: the pattern is empty', 'all names every host'],
    ['!', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['a:~', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['@', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['a[7]', '--limit: no host matches "a[7]"', 'hosts: n1, n2, n3, m1'],
    ['a[-4]', '--limit: no host matches "a[-4]"', 'hosts: n1, n2, n3, m1'],
    ['none', '--limit: no host matches "none"', 'hosts: n1, n2, n3, m1'],
    ['a:!all', '--limit: no host matches "a:!all"', 'hosts: n1, n2, n3, m1'],
    ['~(', '--limit: Invalid regular expression: /(/: Unterminated group', undefined],
    ['@/nope', "--limit: cannot read /nope: ENOENT: no such file or directory, open '/nope'", undefined],
  ])('refuses %s', async (pattern, message, hint) => {
    const inventory = await load(groups);
    const [error] = await refusal((async () => selectHosts(inventory, pattern, '--limit'))());
    expect(error).toMatchObject({ message, hint, exitCode: 1 });
  });
});
