import { expect, it } from 'vitest';
import { foldDiffs } from '../../../../lib/report/diff/diff.ts';
import { change, task } from '../streams.ts';

const lines = (make: (i: number) => string) =>
  Array.from({ length: 3000 }, (_, i) => `${make(i)}\n`).join('');

it('where the time for diffs is up, texts that are much alike are compared all the same, others are not', async () => {
  const before = lines(String);
  const texts: readonly (readonly [string, string])[] = [
    ['alike', before.replace('\n2000\n', '\nanother\n')],
    ['other', lines((i) => `${i * 7} of ${i}`)],
  ];
  const changes = texts.map(([resource, after]) => change({ resource, text: { before, after } }));
  const begun = performance.now();
  const [alike, other] = await foldDiffs([task('a', { changes })], { left: 0 });
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(alike?.lines).toContain('+another');
  expect(other?.lines).toEqual(['(too different to compare)']);
});

it('a value over several lines is masked on each of them, however far above it begins', async () => {
  const value = Array.from({ length: 9 }, (_, i) => `geheim${i}`).join('\n');
  const before = `a: 1\nsecret: "${value}\nold"\nb: 2\n`;
  const text = { before, after: before.replace('old', 'new').replace('b: 2', 'password:\n  geheim') };
  const [diff] = await foldDiffs([task('a', { changes: [change({ resource: 'x', text })] })]);
  const M = '********';
  expect(diff?.lines).toEqual([
    '@@ -8,5 +8,6 @@',
    ...[` ${M}`, ` ${M}`, ` ${M}`],
    ...[`-${M}`, `-${M}`, `+${M}`, '+password:', `+  ${M}`],
  ]);
});

const M = '********';
// As the texts of an event are by then: the new value is known, and masked; the old one is known to nobody.
it.each([
  ['keeps what its line begins with', 'requirepass old-one\n', `requirepass ${M}\n`, [`-requirepass ${M}`]],
  ['is masked with what is behind it', 'url a:old-one@b\n', `url a:${M}@c\n`, [`-url a:${M}`]],
  ['is masked in a line that begins otherwise', 'auth old-one\n', `login ${M}\n`, [`-${M}`]],
  ['is masked where the new one is a line of its own', 'old-one\n', `${M}\n`, [`-${M}`]],
  [
    'is masked where its line goes, far from the new one',
    `pw ${M}\n${'a\n'.repeat(20)}pw old-one\n`,
    `pw ${M}\n${'a\n'.repeat(20)}`,
    [`-pw ${M}`],
  ],
  [
    'leaves lines that stay as they are',
    'port 1\npw old-one\n',
    `port 1\npw ${M}\n`,
    [' port 1', `-pw ${M}`],
  ],
])('an old secret that nobody knows any more %s', async (_what, before, after, shown) => {
  const [diff] = await foldDiffs([task('a', { changes: [change({ text: { before, after } })] })]);
  expect(diff?.lines).toEqual(expect.arrayContaining(shown));
  expect(diff?.lines.join('\n')).not.toContain('old-one');
});

it('where no secret comes, lines that go are shown', async () => {
  const text = { before: `pw ${M}\nport 1\n`, after: `pw ${M}\nport 2\n` };
  const [diff] = await foldDiffs([task('a', { changes: [change({ text })] })]);
  expect(diff?.lines).toEqual(expect.arrayContaining([` pw ${M}`, '-port 1', '+port 2']));
});
