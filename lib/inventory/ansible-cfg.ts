import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sshArguments } from '../transport/ssh/config/arguments.ts';
import type { Problems } from './checks/problems.ts';

/** Settings that decide how hosts are reached or vaults opened: where to say them, and values that change nothing. */
const SETTINGS: Readonly<Record<string, readonly [instead: string, usual?: (value: string) => boolean]>> = {
  'defaults remote_user': ['-u or ansible_user'],
  'defaults remote_port': ['ansible_port'],
  'defaults private_key_file': ['ansible_ssh_private_key_file'],
  'defaults host_key_checking': [
    'ansible_host_key_checking',
    (value) => !/^(no|false|off|0|n|f)$/i.test(value),
  ],
  'defaults vault_password_file': ['--vault-password-file'],
  'defaults vault_identity_list': ['--vault-id'],
  'privilege_escalation become': ['-b or ansible_become', (value) => !/^(yes|true|on|1|y|t)$/i.test(value)],
  'privilege_escalation become_user': ['ansible_become_user', (value) => value === 'root'],
  'ssh_connection ssh_args': ['ansible_ssh_args', meansNothing],
  'ssh_connection ssh_common_args': ['ansible_ssh_common_args', meansNothing],
  'ssh_connection ssh_extra_args': ['ansible_ssh_extra_args', meansNothing],
};

/** Tells in one line what `ansible.cfg` of this folder would have said, and how it is said here. */
export function noteAnsibleCfg(folder: string, problems: Problems): void {
  const file = join(folder, 'ansible.cfg');
  if (!existsSync(file)) return;
  const lacking = settingsIn(file).flatMap(([name, value]) => {
    const [instead, usual] = SETTINGS[name] ?? [];
    return instead === undefined || value === '' || usual?.(value)
      ? []
      : [`${name.split(' ')[1]} (${instead})`];
  });
  if (lacking.length > 0) problems.note(`ansible.cfg is not read: say ${lacking.join(', ')}`);
}

/** Section and name, as Python's ConfigParser reads them. */
function settingsIn(file: string): readonly (readonly [name: string, value: string])[] {
  let section = '';
  return textOf(file).flatMap((line) => {
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const [, name, value = ''] = /^(\w+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    return name === undefined
      ? []
      : [[`${section} ${name.toLowerCase()}`, value.replace(/\s;.*/, '').trim()]];
  });
}

function textOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}

/** Arguments about keeping, compressing or forwarding connections alone. */
function meansNothing(args: string): boolean {
  const { options, configFile } = sshArguments(args);
  return (
    configFile === undefined &&
    options.every(([keyword]) =>
      /^(control|forward|compression|serveralive|tcpkeepalive|loglevel|batchmode)/i.test(keyword),
    )
  );
}
