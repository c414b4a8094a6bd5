import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { readLog } from '../../../../../lib/etcd/operations/doctor/log.ts';
import { scratch } from '../../../support/scratch.ts';

const TUTORIAL = fileURLToPath(new URL('tutorial.txt', import.meta.url));

it("a tutorial's transcript, letter for letter: its three incidents, and what follows from them last", async () => {
  const found = await readLog(TUTORIAL);
  const told = found.map(({ message, hint }) => [...message.split('\n'), hint]);
  expect(told).toEqual([
    [
      'a certificate does not carry the address that others connect to',
      expect.stringMatching(/^once: rejected connection from "10\.0\.52\.14:45458" .* not 10\.0\.52\.14/),
      `next: ${commandLine('site')} -r certs`,
    ],
    [
      'a member carries the data of another cluster',
      expect.stringMatching(
        /^7 times, May 23 15:59:09 to May 23 15:59:10: request cluster ID mismatch \(got 4fb7ed98f0f6d1a7 want 4c0b05dc1b530742\)$/,
      ),
      expect.stringContaining('--set-aside-data HOST'),
    ],
    [
      'packets are dropped on the way: a firewall',
      expect.stringMatching(/^once: .* dial tcp 10\.0\.52\.14:2379: i\/o timeout$/),
      `next: ${commandLine('site')} -r firewall`,
    ],
    [
      'there is no quorum: too few members answer each other (follows from the above)',
      expect.stringMatching(/^once, May 23 15:59:09: publish error: etcdserver: request timed out$/),
      expect.stringMatching(/^next: bring a majority of the members up\nthen: where .*recover.* --check/),
    ],
  ]);
  expect(new Set(found.map(({ exitCode }) => exitCode))).toEqual(new Set([7]));
});

it('a good day: nothing', async () => {
  const path = join(scratch(), 'journal');
  writeFileSync(path, 'May 23 15:59:09 k8s.master etcd[13366]: ready to serve client requests\n');
  expect(await readLog(path)).toEqual([]);
});

it('of a long one its end, and it says that the beginning was left out', async () => {
  const path = join(scratch(), 'journal');
  const fine = 'May 23 15:59:09 k8s.master etcd[13366]: ready to serve client requests\n';
  const sick = fine.replace('ready to serve client requests', 'publish error: etcdserver: request timed out');
  writeFileSync(path, fine.repeat(50_000) + sick);
  const [found, ...others] = await readLog(path, 1 << 20);
  expect(others).toEqual([]);
  expect(found?.message).toMatch(
    /^there is no quorum.*\nonce.*request timed out\nits first \d+ bytes were left out$/,
  );
});

it('a file that is not there: 1', async () => {
  await expect(readLog('/nonexistent/journal')).rejects.toMatchObject({ exitCode: 1 });
});

it.each(['', '\n', '-- No entries --\n'])('nothing to read (%j): 1, it is not a good day', async (text) => {
  const path = join(scratch(), 'journal');
  writeFileSync(path, text);
  await expect(readLog(path)).rejects.toMatchObject({
    exitCode: 1,
    message: `--log ${path}: there is nothing in it`,
  });
});
