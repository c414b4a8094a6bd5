import type { PlaybookFile } from '../start/playbook-file.ts';
import { loadOwnPlaybooks } from './own-playbooks.ts';

/** What the command does for roles of the user's own, in the order in which it is wanted. */
const OF_ROLES: readonly Entry[] = [
  ['init', 'write inventory, playbook, role, test and CI files into this folder'],
  ['run FILE', 'run a playbook: --check says what it would change, --diff how'],
  ['explain [RESOURCE]', 'what a resource does, with an example and its options'],
  ['completion SHELL', 'completion for bash, zsh or fish'],
];

type Entry = readonly [usage: string, what: string];

/** The help of the command itself: what it does, by task, with examples. */
export async function overview(command: string): Promise<string> {
  const playbooks = await loadOwnPlaybooks();
  const ours = playbooks.map((one): Entry => [one.name, firstSentence(one)]);
  const width = Math.max(...[...OF_ROLES, ...ours].map(([usage]) => usage.length));
  const lines = (entries: readonly Entry[]) =>
    entries.map(([usage, what]) => `  ${usage.padEnd(width)}  ${what}`);
  return [
    `usage: ${command} COMMAND [options]; ${command} COMMAND --help tells more`,
    '',
    'roles of your own:',
    ...lines(OF_ROLES),
    '',
    'playbooks that come with it:',
    ...lines(ours),
    '',
    'examples:',
    '  # a first role in an empty folder, what it would do, and do it',
    `  ${command} init && ${command} run site.ts --check --diff`,
    `  ${command} run site.ts`,
    ...playbooks.flatMap(({ name, examples = [] }) =>
      examples.slice(0, 1).flatMap(([args, what]) => [`  # ${what}`, `  ${command} ${name} ${args}`]),
    ),
    '',
  ].join('\n');
}

function firstSentence({ description }: PlaybookFile): string {
  return description.split(/[.;:] |\.$/)[0] ?? description;
}
