import { expect, test } from 'vitest';
import { Screen } from '../../../../lib/report/live/screen.ts';
import { FakeTerminal } from '../terminal.ts';

test('a block is drawn over, and lines that stay are put above it', () => {
  const terminal = new FakeTerminal(20, 10);
  const screen = new Screen(terminal);
  terminal.write(screen.draw([], ['first and long', 'second and long', 'third']));
  terminal.write(screen.draw(['a', 'b'], ['x']));
  expect(terminal.screen).toBe('a\nb\nx');
  terminal.write(screen.draw([], []));
  expect(terminal.screen).toBe('a\nb');
});

test('in a terminal made narrower the wrapped lines are counted, and cleared', () => {
  const terminal = { columns: 20 };
  const screen = new Screen(terminal);
  screen.draw([], ['x'.repeat(19), '', 'y'.repeat(10)]);
  terminal.columns = 10;
  expect(screen.draw([], ['z'])).toBe('\r\x1b[4A\x1b[Jz\x1b[K\n\x1b[J');
});
