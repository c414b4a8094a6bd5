import { expect, it } from 'vitest';
import { askPasswords } from '../../../lib/cli/ask-passwords.ts';

it.each<[string, { askPass?: true }, string[], string[], string | undefined]>([
  [
    'both, the second differs',
    { askPass: true },
    ['one', 'two'],
    ['SSH password: ', 'sudo password (Enter takes the SSH password): '],
    'two',
  ],
  [
    'both, Enter at the second',
    { askPass: true },
    ['one', ''],
    ['SSH password: ', 'sudo password (Enter takes the SSH password): '],
    'one',
  ],
  ['that of sudo alone', {}, ['two'], ['sudo password: '], 'two'],
])('asks for passwords: %s', async (_what, given, answers, questions, sudo) => {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers[asked.length - 1] ?? '';
  };
  const options = { askPass: false, list: undefined, ...given, askBecomePass: true };
  const { becomePassword } = (await askPasswords(options, ask))({} as never);
  expect(asked).toEqual(questions);
  expect(becomePassword?.reveal()).toBe(sudo);
});
