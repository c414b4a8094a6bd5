import { closest, distance } from 'fastest-levenshtein';
import type { VarSchema } from '../dsl/role.ts';
import type { Position } from '../errors.ts';
import { shownValue } from '../secret-names.ts';
import type { Problems } from './problems.ts';

/** A name somebody wrote. */
export interface Name {
  readonly key: string;
  readonly value: unknown;
  /** undefined for `-e`. */
  readonly position: Position | undefined;
}

/** Ansible's connection variables that are honoured. */
export const CONNECTION_VARS = [
  'ansible_host',
  'ansible_port',
  'ansible_user',
  'ansible_password',
  'ansible_ssh_private_key_file',
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_connection',
  'ansible_become',
  'ansible_become_user',
  'ansible_become_password',
] as const;

/** Other names that Ansible takes for the same things. */
export const SYNONYMS: Readonly<Record<string, (typeof CONNECTION_VARS)[number]>> = {
  ansible_ssh_host: 'ansible_host',
  ansible_ssh_port: 'ansible_port',
  ansible_ssh_user: 'ansible_user',
  ansible_ssh_pass: 'ansible_password',
  ansible_ssh_password: 'ansible_password',
  ansible_private_key_file: 'ansible_ssh_private_key_file',
  ansible_become_pass: 'ansible_become_password',
};

const SU = 'write ansible_become; su is not spoken here';
const KEY_TEXT = 'write ansible_ssh_private_key_file, a path, or let an agent hold the key';
const PASSPHRASE = 'let an agent hold a key with a passphrase: ssh-add asks for it';

/** Options that concern security: ignoring them would be worse than refusing them. */
const REFUSED: Readonly<Record<string, string>> = {
  ansible_become_exe: 'sudo is found by its name',
  ansible_become_flags: 'sudo runs with flags of our own',
  ansible_ssh_executable: 'SSH is spoken by this program itself',
  ansible_ssh_pkcs11_provider: 'use an agent for keys on a token',
  ansible_host_key_checking: 'host keys are always checked; --trust records an unknown one',
  ansible_ssh_host_key_checking: 'host keys are always checked; --trust records an unknown one',
  ansible_sudo: 'write ansible_become',
  ansible_sudo_user: 'write ansible_become_user',
  ansible_sudo_pass: 'write ansible_become_password, or use -K',
  ansible_sudo_exe: 'sudo is found by its name',
  ansible_sudo_flags: 'sudo runs with flags of our own',
  ansible_ssh_args: 'write it in ansible_ssh_common_args',
  ansible_sftp_extra_args: 'write it in ansible_ssh_common_args',
  ansible_scp_extra_args: 'write it in ansible_ssh_common_args',
  ansible_su: SU,
  ansible_su_user: SU,
  ansible_su_pass: SU,
  ansible_su_exe: SU,
  ansible_su_flags: SU,
  ansible_private_key: KEY_TEXT,
  ansible_ssh_private_key: KEY_TEXT,
  ansible_private_key_passphrase: PASSPHRASE,
  ansible_ssh_private_key_passphrase: PASSPHRASE,
  ansible_paramiko_host_key_checking: 'host keys are always checked; --trust records an unknown one',
  ansible_paramiko_proxy_command: 'write -o ProxyJump=HOST in ansible_ssh_common_args',
  ansible_paramiko_user: 'write ansible_user',
  ansible_paramiko_password: 'write ansible_password',
  ansible_paramiko_private_key_file: 'write ansible_ssh_private_key_file',
  ansible_remote_user: 'write ansible_user',
  ansible_remote_port: 'write ansible_port',
};

/**
 * Looks at every variable's name: a slip of the pen, an unknown name with a prefix of ours, and options
 * that must not be passed over are problems. Returns the names that are another tool's.
 */
export function checkNames(
  entries: readonly Name[],
  schema: VarSchema,
  problems: Problems,
): readonly string[] {
  const declared = Object.keys(schema);
  const prefixes = new Set(declared.map((name) => name.slice(0, name.indexOf('_') + 1)));
  const known = [...declared, ...CONNECTION_VARS, ...Object.keys(SYNONYMS)];
  const isKnown = new Set<string>(known);
  const foreign = new Set<string>();
  for (const { key, position, value } of entries) {
    if (isKnown.has(key)) continue;
    if (/^\w+:\S/.test(key)) {
      problems.add(`${key} is not the name of a variable`, position, 'a space is missing after the colon');
      continue;
    }
    const refused = Object.hasOwn(REFUSED, key) ? REFUSED[key] : undefined;
    if (key === 'ansible_become_method') {
      if (!/^(ansible\.builtin\.)?sudo$/.test(String(value)))
        problems.add(
          `ansible_become_method is ${shownValue(key, value)}: only sudo is spoken here`,
          position,
          'take the line away, or log in as root',
        );
      continue;
    }
    if (refused !== undefined) {
      problems.add(`${key} is not honoured here`, position, refused);
      continue;
    }
    const near = known.length > 0 ? closest(key.toLowerCase(), known) : '';
    const isNear = distance(key.toLowerCase(), near) <= Math.min(3, Math.floor(key.length / 4));
    const ours = [...prefixes].some((prefix) => key.startsWith(prefix));
    if (isNear || ours) {
      problems.add(
        `${key} is not a variable of these roles`,
        position,
        isNear ? `did you mean ${near}?` : 'docs/variables.md lists them',
      );
    } else foreign.add(key);
  }
  return [...foreign];
}
