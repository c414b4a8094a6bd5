import type { Candidate } from '../variables/variables.ts';
import type { Problems } from './problems.ts';

const KEY_TEXT = 'write ansible_ssh_private_key_file, a path, or let an agent hold the key';
const PASSPHRASE = 'let an agent hold a key with a passphrase: ssh-add asks for it';

/** Options that concern security: passing over them would be worse than refusing them. */
const REFUSED: Readonly<Record<string, string>> = {
  ansible_ssh_pkcs11_provider: 'use an agent for keys on a token',
  ansible_private_key: KEY_TEXT,
  ansible_ssh_private_key: KEY_TEXT,
  ansible_private_key_passphrase: PASSPHRASE,
  ansible_ssh_private_key_passphrase: PASSPHRASE,
};

/** Refuses a contacted host's options that we do not honour. */
export function refuseOptions(all: ReadonlyMap<string, readonly Candidate[]>, problems: Problems): void {
  for (const [name, hint] of Object.entries(REFUSED)) {
    const option = all.get(name)?.at(-1);
    if (option && option.value !== null && option.value !== '')
      problems.add(`${name} is not honoured here`, option.position, hint);
  }
}
