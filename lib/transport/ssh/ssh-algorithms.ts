import { createRequire } from 'node:module';
import type { SshOptions } from './config/options.ts';
import { matchesPattern } from './config/patterns.ts';

/** What ssh_config says of algorithms, as whole lists in the order to offer; what it does not say is left to ssh2. */
export interface AlgorithmChoices {
  readonly cipher?: readonly string[];
  readonly kex?: readonly string[];
  readonly hmac?: readonly string[];
  /** For host keys, to be applied to the order in which they are known. */
  readonly hostKey?: string;
  /** For keys to log in with. */
  readonly userKey?: readonly string[];
}

const lists = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as Readonly<
  Record<`${'DEFAULT' | 'SUPPORTED'}_${'CIPHER' | 'KEX' | 'MAC'}`, readonly string[]>
>;

/** For host keys and for keys to log in with: no SHA-1 unless somebody asks for it. */
export const KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

const OLD_KEY_ALGORITHMS = ['ssh-rsa', 'ssh-dss'];

/** Throws where nothing is left that can be used here. */
export function algorithmChoices(options: SshOptions): AlgorithmChoices {
  const choose = (keyword: string, usual: readonly string[], all: readonly string[]) => {
    const list = options.text(keyword);
    if (list === undefined) return undefined;
    const chosen = assemble(list, usual, all);
    if (chosen.length > 0) return chosen;
    throw options.problem(keyword, 'leaves nothing that can be used here', `known here: ${all.join(', ')}`);
  };
  const keys = [...KEY_ALGORITHMS, ...OLD_KEY_ALGORITHMS];
  const cipher = choose('ciphers', lists.DEFAULT_CIPHER, lists.SUPPORTED_CIPHER);
  const kex = choose('kexalgorithms', lists.DEFAULT_KEX, lists.SUPPORTED_KEX);
  const hmac = choose('macs', lists.DEFAULT_MAC, lists.SUPPORTED_MAC);
  const userKey = choose('pubkeyacceptedalgorithms', KEY_ALGORITHMS, keys);
  choose('hostkeyalgorithms', KEY_ALGORITHMS, keys);
  const hostKey = options.text('hostkeyalgorithms');
  return {
    ...(cipher && { cipher }),
    ...(kex && { kex }),
    ...(hmac && { hmac }),
    ...(hostKey !== undefined && { hostKey }),
    ...(userKey && { userKey }),
  };
}

/** Host key algorithms as ssh_config wants them, from those that are usual, the best first. */
export function chooseHostKeys(usual: readonly string[], list: string | undefined): readonly string[] {
  return list === undefined ? usual : assemble(list, usual, [...usual, ...OLD_KEY_ALGORITHMS]);
}

/** `a,b` is all there is, `+a` adds, `-a` takes away, `^a` comes first; `*` and `?` stand for names. */
function assemble(list: string, usual: readonly string[], all: readonly string[]): readonly string[] {
  const [, sign = '', names = ''] = /^([+^-]?)(.*)$/.exec(list) ?? [];
  const named = names.split(',').flatMap((name) => all.filter((one) => matchesPattern(one, name)));
  if (sign === '-') return usual.filter((one) => !named.includes(one));
  if (sign === '+') return [...new Set([...usual, ...named])];
  return [...new Set(sign === '^' ? [...named, ...usual] : named)];
}
