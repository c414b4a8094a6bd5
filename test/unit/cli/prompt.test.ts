import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const PROMPT = new URL('../../../lib/cli/prompt.ts', import.meta.url).href;
const SECRET = new URL('../../../lib/dsl/secret.ts', import.meta.url).href;

it.each(['askConsent', 'askSecret'])('%s tells nothing to the terminal, and no secret', (ask) => {
  const code = `
    const { Secret } = await import('${SECRET}');
    new Secret('hunter2222');
    await (await import('${PROMPT}')).${ask}('made of 3.6\\u001b]0;x\\u0007 by hunter2222?');`;
  const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    input: 'y\n',
    encoding: 'utf8',
  });
  expect(stderr).toContain('made of 3.6\\x1b]0;x\\x07 by ********?');
});
