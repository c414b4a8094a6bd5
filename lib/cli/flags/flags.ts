/** A flag of one playbook alone. */
export interface OwnFlag {
  readonly name: string;
  readonly type: 'string' | 'boolean';
  readonly placeholder?: string;
  readonly description: string;
  /** It may be given several times. */
  readonly multiple?: boolean;
}

export type Flag = OwnFlag & { readonly short?: string };

/** Every flag that all playbooks share, in the order of the help text. */
export const FLAGS: readonly Flag[] = [
  {
    name: 'inventory',
    short: 'i',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'inventory file (default: {inventory}); repeatable',
  },
  { name: 'local', type: 'boolean', description: 'the sample on this machine, below ./.quorate/local' },
  {
    name: 'limit',
    short: 'l',
    type: 'string',
    placeholder: 'PATTERN',
    description: 'hosts that the run is about; the cluster is still looked at whole',
  },
  {
    name: 'shard',
    type: 'string',
    placeholder: 'I/N',
    description: 'one part of the hosts: 2/5 is the second of five; a cluster is never split',
  },
  {
    name: 'role',
    short: 'r',
    type: 'string',
    multiple: true,
    placeholder: 'NAME',
    description: 'run this role only; repeatable',
  },
  {
    name: 'tags',
    short: 't',
    type: 'string',
    multiple: true,
    placeholder: 'TAGS',
    description: 'run roles with these tags (a role’s name is its tag)',
  },
  {
    name: 'skip-tags',
    type: 'string',
    multiple: true,
    placeholder: 'TAGS',
    description: 'leave out roles with these tags',
  },
  {
    name: 'check',
    short: 'C',
    type: 'boolean',
    description: 'say what a run would change, and change nothing',
  },
  { name: 'diff', short: 'D', type: 'boolean', description: 'show how texts change' },
  {
    name: 'prune',
    type: 'boolean',
    description: 'take away what roles have made and none declares any more',
  },
  {
    name: 'forks',
    short: 'f',
    type: 'string',
    placeholder: 'N',
    description: 'hosts worked on at once (default: 50)',
  },
  {
    name: 'extra-vars',
    short: 'e',
    type: 'string',
    multiple: true,
    placeholder: 'K=V|@FILE',
    description: 'variables that win over the inventory; repeatable',
  },
  {
    name: 'become',
    short: 'b',
    type: 'boolean',
    description: 'become root through sudo, unless ansible_become says no',
  },
  {
    name: 'ask-pass',
    short: 'k',
    type: 'boolean',
    description: 'ask once for the SSH password of hosts without ansible_password',
  },
  {
    name: 'ask-become-pass',
    short: 'K',
    type: 'boolean',
    description: 'ask once for the sudo password of hosts without ansible_become_password',
  },
  {
    name: 'vault-password-file',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'file with the ansible-vault password, or a program that prints it; ID@FILE; repeatable',
  },
  {
    name: 'vault-id',
    type: 'string',
    multiple: true,
    placeholder: 'ID@FILE',
    description: 'like --vault-password-file; ID@prompt asks for it',
  },
  {
    name: 'ask-vault-pass',
    short: 'J',
    type: 'boolean',
    description: 'ask for the password of what ansible-vault encrypted, when some is met',
  },
  {
    name: 'user',
    short: 'u',
    type: 'string',
    placeholder: 'NAME',
    description: 'connect as this user, unless ansible_user names another',
  },
  {
    name: 'trust',
    type: 'boolean',
    description: 'show the fingerprints of unknown host keys, ask, and record them',
  },
  { name: 'list-hosts', type: 'boolean', description: 'list the hosts that a run would be about, and stop' },
  { name: 'list-tasks', type: 'boolean', description: 'list the tasks of an ordinary host, and stop' },
  { name: 'list-tags', type: 'boolean', description: 'list the tags, and stop' },
  {
    name: 'output',
    type: 'string',
    placeholder: 'FORM',
    description: 'pretty, plain or json (default: pretty on a terminal, else plain)',
  },
  { name: 'log', type: 'string', placeholder: 'FILE', description: 'append everything to this file' },
  {
    name: 'report',
    type: 'string',
    multiple: true,
    placeholder: 'FILE',
    description: 'make a page (.html) or JUnit (.xml) of the run; repeatable',
  },
  {
    name: 'verbose',
    short: 'v',
    type: 'boolean',
    multiple: true,
    description: 'say more: -v tasks that are fine and commands, -vv connections and logins, -vvv scripts',
  },
  {
    name: 'detailed-exitcode',
    type: 'boolean',
    description: 'with --check: exit 8 when something would change',
  },
  {
    name: 'plan-out',
    type: 'string',
    placeholder: 'FILE',
    description: 'check, and write the plan to this file',
  },
  {
    name: 'plan-format',
    type: 'string',
    placeholder: 'FORM',
    description: 'check, and print the plan alone: text, markdown or json',
  },
  {
    name: 'why',
    type: 'string',
    placeholder: 'TASK',
    description: 'check, and say why this task would change a host: its title, or a part of it',
  },
  {
    name: 'show-script',
    type: 'string',
    placeholder: 'HOST',
    description: 'check, and print what would run on this host, secrets masked',
  },
  {
    name: 'apply',
    type: 'string',
    placeholder: 'FILE',
    description: 'carry out this plan, if a check still says the same',
  },
  { name: 'yes', short: 'y', type: 'boolean', description: 'agree to what this playbook would ask' },
  {
    name: 'lock-wait',
    type: 'string',
    placeholder: 'TIME',
    description: 'wait up to this long, as in 5m, for a run that holds a host (default: do not wait)',
  },
  {
    name: 'message',
    type: 'string',
    placeholder: 'TEXT',
    description: 'why: kept with the run ID on every host that is changed',
  },
  { name: 'help', short: 'h', type: 'boolean', description: 'this text' },
  { name: 'version', type: 'boolean', description: 'the version of Quorate' },
];

/** What a playbook has of its own, and what it hides of the flags that all share. */
interface Flagged {
  readonly flags?: readonly OwnFlag[];
  readonly hides?: readonly string[];
  readonly inventory?: string;
}

/** Shared flags that mean nothing in this playbook. */
export function hiddenIn({ hides = [], inventory }: Flagged): readonly string[] {
  return inventory === undefined ? [...hides, 'local'] : hides;
}

/** All flags of a playbook, its own first; it may give a shared one a meaning of its own. */
export function flagsOf(playbook: Flagged): readonly Flag[] {
  const { flags: own = [] } = playbook;
  const hidden = hiddenIn(playbook);
  return [
    ...own,
    ...FLAGS.filter(({ name }) => !hidden.includes(name) && !own.some((one) => one.name === name)),
  ];
}

/** Those that are about changes and tasks: a playbook that only looks hides them. */
export const OF_CHANGES = [
  'yes',
  'prune',
  'check',
  'diff',
  'role',
  'tags',
  'skip-tags',
  'list-tasks',
  'list-tags',
  'detailed-exitcode',
  'message',
  'lock-wait',
  'plan-out',
  'plan-format',
  'apply',
  'why',
  'show-script',
] as const;

/** Those about single tasks: a playbook of steps hides them. */
export const OF_TASKS = ['why', 'show-script'] as const;

/** Those about written plans: a playbook whose check tells neither tasks nor steps hides them. */
export const OF_PLANS = ['plan-out', 'plan-format', 'apply', ...OF_TASKS] as const;
