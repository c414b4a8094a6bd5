import { afterEach, expect, it, vi } from 'vitest';
import { quorate } from '../../../../lib/cli/quorate/index.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it('a current directory that is gone is told, with exit code 1', async () => {
  let said = '';
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk, ...rest) => {
      said += String(chunk);
      for (const done of rest) if (typeof done === 'function') done();
      return true;
    });
  vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw new Error('ENOENT: no such file or directory, uv_cwd');
  });
  await quorate(['site', '--list-hosts']);
  const { exitCode } = process;
  vi.restoreAllMocks();
  expect([exitCode, said]).toEqual([1, expect.stringContaining('the current directory is gone')]);
});
