import { credentialsIn } from '../../credentials.ts';
import { Secret } from '../../dsl/secret.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** A repository's address, and who signs in there: apart, since every user of a host sees the words of a command. */
export interface Remote {
  readonly repository: string;
  readonly login?: Login;
}

export interface Login {
  /** Scheme, host and port that it is for. */
  readonly origin: string;
  readonly username: string;
  readonly password: Secret;
}

/**
 * Takes user and password out of an `https://user:token@host/…`; throws 1 for those that no other place can be found for.
 * A user alone stays: the password is what a credential helper of the host has for that user.
 */
export function remoteOf(address: string): Remote {
  if (/^https?:\/\/[^/?#:@]*@[^/?#@]*(?:[/?#]|$)/i.test(address)) return { repository: address };
  const repository = address.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
  if (credentialsIn(repository).length > 0) throw misplaced();
  if (repository === address) return { repository };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const [username, password] = [url?.username, url?.password].map(decoded);
  if (url === undefined || username === undefined || password === undefined) throw misplaced();
  return { repository, login: { origin: url.origin, username, password: new Secret(password) } };
}

/** undefined for what git would take for more lines than one. */
function decoded(text: string | undefined): string | undefined {
  try {
    const said = decodeURIComponent(text ?? '');
    return /[\n\r\0]/.test(said) ? undefined : said;
  } catch {
    return undefined;
  }
}

function misplaced(): QuorateError {
  return new QuorateError('the repository has a password that git cannot be handed apart from its address', {
    exitCode: EXIT.usage,
    hint: 'write it like https://user:token@host/site.git, with special characters encoded (%40 for @); or let the host sign in by a deploy key or a credential helper of its user',
  });
}
