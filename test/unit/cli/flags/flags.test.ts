import { expect, it } from 'vitest';
import { auditNote } from '../../../../lib/cli/audit-note.ts';
import { FLAGS, type Flag } from '../../../../lib/cli/flags/flags.ts';
import { parseOptions } from '../../../../lib/cli/flags/options.ts';
import { checkWords } from '../../../../lib/fleet/words.ts';

/** What a flag is given here, where not any text will do. */
const VALUES: Readonly<Record<string, string>> = {
  shard: '1/2',
  forks: '5',
  'extra-vars': 'port=1',
  output: 'json',
  'plan-format': 'json',
  'lock-wait': '5m',
};

/** Flags that decide nothing of what is changed: hosts need not remember them. */
const NOT_NOTED = [
  'check',
  'diff',
  'forks',
  'trust',
  'list-hosts',
  'list-tasks',
  'list-tags',
  'output',
  'log',
  'report',
  'verbose',
  'detailed-exitcode',
  'plan-out',
  'plan-format',
  'why',
  'show-script',
  'yes',
  'lock-wait',
  'help',
  'version',
];

/** Flags that the words of a fleet's job may have. */
const OF_JOBS = [
  'limit',
  'shard',
  'role',
  'tags',
  'skip-tags',
  'diff',
  'prune',
  'forks',
  'extra-vars',
  'become',
  'vault-password-file',
  'vault-id',
  'user',
  'verbose',
  'yes',
  'lock-wait',
  'message',
];

const NAMES = FLAGS.map(({ name }) => name);

it('each shared flag is remembered by the hosts that a run changes, or decides nothing of that', () => {
  const without = note([]);
  const noted = FLAGS.filter((flag) => {
    const now = note(given(flag));
    return now !== undefined && now !== without;
  });
  const names = noted.map(({ name }) => name);
  expect(NAMES.filter((name) => !names.includes(name))).toEqual(NOT_NOTED);
});

it('each shared flag is one that jobs of a fleet take, or refused with a hint', () => {
  const taken = FLAGS.filter((flag) => {
    try {
      checkWords(given(flag), false);
      return true;
    } catch {
      return false;
    }
  });
  expect(taken.map(({ name }) => name)).toEqual(OF_JOBS);
});

function given({ name, type }: Flag): readonly string[] {
  return type === 'boolean' ? [`--${name}`] : [`--${name}=${VALUES[name] ?? 'some'}`];
}

function note(args: readonly string[]): string | undefined {
  const options = parseOptions(args, []);
  return typeof options === 'string' ? undefined : JSON.stringify(auditNote({ name: 'site' }, options));
}
