import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { init } from '../../../lib/cli/quorate/init.ts';
import { scratch } from '../support/scratch.ts';

it.each(['{ name: x', '[]', ''])(
  'init beside the broken package.json %j is told, and writes nothing',
  async (text) => {
    const folder = scratch();
    writeFileSync(join(folder, 'package.json'), text);
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
    await expect(init([], 'quorate')).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^package\.json cannot be read: /),
    });
    cwd.mockRestore();
  },
);
