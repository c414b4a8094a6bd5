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
    ...[`-${M}`, '-b: 2', `+${M}`, '+password:', `+  ${M}`],
  ]);
});
