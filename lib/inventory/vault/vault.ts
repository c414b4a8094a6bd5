import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { keepMasked } from '../../dsl/secret.ts';
import { EXIT, type Position, QuorateError } from '../../errors.ts';
import type { Vaulted } from '../variables/value.ts';
import type { VaultPassword } from './vault-passwords.ts';

const MARK = '$ANSIBLE_VAULT;';

/** This text is what `ansible-vault encrypt` makes of a whole file. */
export function isVaultText(text: string): boolean {
  return text.startsWith(MARK);
}

/**
 * Opens what `ansible-vault` encrypted, formats 1.1 and 1.2. Nothing is asked for before the first of it is met: no
 * password file is read, no program run, nobody asked.
 */
export class Vault {
  readonly #passwords: readonly VaultPassword[];
  /** Each text is opened once, though a group's value is read for each of its hosts. */
  readonly #opened = new Map<string, Promise<string>>();
  readonly #known = new Map<VaultPassword, Promise<string>>();

  /** In the order in which they were given. */
  constructor(passwords: readonly VaultPassword[]) {
    this.#passwords = passwords;
  }

  /** The plain text, which is masked from here on. Throws exit code 1 with the place of `armoured`. */
  open({ armoured, position }: Vaulted): Promise<string> {
    const opened = this.#opened.get(armoured) ?? this.#open(armoured, position);
    this.#opened.set(armoured, opened);
    return opened;
  }

  async #open(armoured: string, position: Position | undefined): Promise<string> {
    const sealed = parse(armoured, position);
    for (const password of this.#inOrder(sealed.id)) {
      const plain = await tryOpen(sealed, await this.#read(password), position);
      if (plain === undefined) continue;
      keepMasked(plain);
      return plain;
    }
    throw this.#refusal(sealed.id, position);
  }

  /** Those of the vault's own id come first, then all others, as Ansible tries them. */
  #inOrder(id: string | undefined): readonly VaultPassword[] {
    const own = this.#passwords.filter((password) => password.id === id);
    return [...own, ...this.#passwords.filter((password) => password.id !== id)];
  }

  #read(password: VaultPassword): Promise<string> {
    const read = this.#known.get(password) ?? password.read();
    this.#known.set(password, read);
    return read;
  }

  #refusal(id: string | undefined, position: Position | undefined): QuorateError {
    const tried = this.#passwords.map(({ source }) => source).join(', ');
    const of = id === undefined ? '' : ` (vault id ${id})`;
    if (tried === '')
      return refuse(
        `this is encrypted by ansible-vault${of}, and no password is given`,
        position,
        'give --vault-password-file FILE or --ask-vault-pass',
      );
    return refuse(
      `this is encrypted by ansible-vault${of}, and no password opens it; tried: ${tried}`,
      position,
      'give the password it was encrypted with: --vault-password-file FILE, repeatable',
    );
  }
}

interface Sealed {
  readonly id: string | undefined;
  readonly salt: Buffer;
  readonly mac: Buffer;
  readonly text: Buffer;
}

/** The header, then hex of three lines of hex; the armour may be indented and end its lines as Windows does. */
function parse(armoured: string, position: Position | undefined): Sealed {
  const [header = '', ...body] = armoured
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const [mark, version = '', cipher = '', id] = header.split(';');
  if (mark !== MARK.slice(0, -1)) throw malformed(`it starts without ${MARK}`, position);
  if (!/^1\.[12]$/.test(version))
    throw refuse('cannot open this vault: its format is not 1.1 or 1.2', position, REKEY);
  if (cipher !== 'AES256') throw refuse('cannot open this vault: its cipher is not AES256', position, REKEY);
  const parts = unhex(body.join(''))?.toString('latin1').split('\n').map(unhex);
  const [salt, mac, text] = parts ?? [];
  if (parts?.length !== 3 || !salt || mac?.length !== 32 || !text || text.length % 16 !== 0)
    throw malformed('it is cut off, or not hexadecimal', position);
  return { id: version === '1.2' ? id : undefined, salt, mac, text };
}

function unhex(text: string): Buffer | undefined {
  return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

const derive = promisify(pbkdf2);

/** Undefined where the password is another one. Figures: ansible-core's lib/ansible/parsing/vault, VaultAES256. */
async function tryOpen(
  { salt, mac, text }: Sealed,
  password: string,
  position: Position | undefined,
): Promise<string | undefined> {
  const keys = await derive(password, salt, 10_000, 80, 'sha256');
  const found = createHmac('sha256', keys.subarray(32, 64)).update(text).digest();
  if (!timingSafeEqual(found, mac)) return undefined;
  const cipher = createDecipheriv('aes-256-ctr', keys.subarray(0, 32), keys.subarray(64));
  const padded = Buffer.concat([cipher.update(text), cipher.final()]);
  const plain = padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw refuse('what this vault holds is not UTF-8 text', position, undefined);
  }
}

const REKEY = 'ansible-vault rekey writes it anew';

function malformed(why: string, position: Position | undefined): QuorateError {
  return refuse(`this vault is damaged: ${why}`, position, 'copy it whole, from the $ANSIBLE_VAULT line on');
}

function refuse(message: string, position: Position | undefined, hint: string | undefined): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    ...(position !== undefined && { position }),
    ...(hint !== undefined && { hint }),
  });
}
