import type { Position } from '../../errors.ts';
import { isPrivate, shownValue } from '../../secret-names.ts';
import type { Host } from '../tree.ts';
import type { Candidate } from './variables.ts';

/** A variable with its value for one host and where it was said. */
export interface Setting {
  readonly value: unknown;
  /** undefined for `-e`. */
  readonly position: Position | undefined;
  /** Directory that relative paths resolve from; undefined for the current one. */
  readonly folder: string | undefined;
  /** For a number, true or false: how it is spelt. */
  readonly written?: string;
  /** As it is written, where something was evaluated: the value may be that of any other variable. */
  readonly template?: string | undefined;
}

/** A setting for a message. What a template makes is not told: it may be a foreign variable's value, and a secret. */
export function shownSetting(name: string, { value, template }: Pick<Setting, 'value' | 'template'>): string {
  if (template === undefined || isPrivate(name)) return shownValue(name, value);
  return /^\{\{[\s\w.|]*\}\}$/.test(template) ? `what ${template} gives` : 'what its template gives';
}

export type Settings = ReadonlyMap<string, Setting>;

/** Says what is wrong with a variable, where it is written. */
export type Tell = (name: string, setting: Setting, problem: string, hint?: string) => void;

/** Templates evaluated, vaults opened; throws QuorateError. */
export type Evaluate = (variable: Candidate, host: Host) => Promise<unknown>;

/** Ansible's connection variables that are honoured, with its other names for them; of several the last one counts. */
export const CONNECTION_VARS: Readonly<Record<string, readonly string[]>> = {
  ansible_host: ['ansible_ssh_host'],
  ansible_port: ['ansible_ssh_port'],
  ansible_user: ['ansible_ssh_user'],
  ansible_password: ['ansible_ssh_pass', 'ansible_ssh_password'],
  ansible_private_key_file: ['ansible_ssh_private_key_file'],
  ansible_timeout: ['ansible_ssh_timeout'],
  ansible_ssh_args: [],
  ansible_ssh_common_args: [],
  ansible_ssh_extra_args: [],
  ansible_host_key_checking: ['ansible_ssh_host_key_checking'],
  ansible_connection: [],
  ansible_become: [],
  ansible_become_method: [],
  ansible_become_user: ['ansible_sudo_user'],
  ansible_become_password: ['ansible_become_pass', 'ansible_sudo_pass'],
  ansible_become_flags: ['ansible_sudo_flags'],
  ansible_become_exe: ['ansible_sudo_exe'],
};

/** What this machine, as a host, does not read. */
export function isOfSsh(name: string): boolean {
  return !/^ansible_(host$|connection$|become)/.test(name);
}

/** All names that a connection reads. */
export const CONNECTION_NAMES: readonly string[] = Object.entries(CONNECTION_VARS).flatMap(
  ([name, others]) => [name, ...others],
);

/** The one of a variable's candidates that counts; `-e` before the other names that Ansible prefers. */
export function counting(
  all: ReadonlyMap<string, readonly Candidate[]>,
  name: string,
): Candidate | undefined {
  const found = [name, ...(CONNECTION_VARS[name] ?? [])].flatMap((each) => all.get(each)?.at(-1) ?? []);
  return found.findLast(({ from }) => from === '--extra-vars') ?? found.at(-1);
}
