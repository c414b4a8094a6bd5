import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { hostname } from '../../../lib/resources/hostname.ts';
import { textFile } from '../support/edits.ts';

const plan = (name: string, text: string | undefined, live: string) =>
  hostname(name)
    .diff({ code: 0, out: `${textFile(text)}\n${MARK}\nlive ${live}\n` }, new World())
    .map(({ property, before }) => `${property}: ${before}`);

describe('the name of a host', () => {
  it.each<[string, string | undefined, string, string[]]>([
    ['is this one', 'web1\n', 'web1', []],
    ['is this one after a comment', '# by hand\nweb1', 'web1', []],
    ['is another at boot', 'old\n', 'web1', ['at boot: old']],
    ['is another now', 'web1\n', 'old', ['now: old']],
    ['is nowhere', undefined, 'localhost', ['at boot: null', 'now: localhost']],
  ])('%s', (_name, text, live, found) => {
    expect(plan('web1', text, live)).toEqual(found);
  });

  it('is one', () => {
    expect(hostname('a').thing).toBe(hostname('b').thing);
  });

  it.each(['', 'a_b', '-a', 'a..b', 'a b', 'x'.repeat(65)])('is not %j', (name) => {
    expect(() => hostname(name)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
