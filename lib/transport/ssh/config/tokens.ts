import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { home, whoami } from '../../../whoami.ts';

/** What `%` and a letter stand for. */
export type Tokens = Readonly<Record<string, string>>;

/** A text with its tokens written out, with `environment` also `${NAME}`; throws in words what cannot be. */
export function expand(text: string, tokens: Tokens, environment = false): string {
  return text.replace(
    /\$\{([^}]*)(\}?)|%(.?)/gs,
    (all, name: string | undefined, end: string, letter: string) => {
      if (name !== undefined) {
        if (!environment) return all;
        if (end === '' || name === '') throw new Error(`${all} is not a variable of the environment`);
        const value = process.env[name];
        if (value === undefined) throw new Error(`${all} has no value in the environment`);
        return value;
      }
      if (letter === '%') return '%';
      if (letter === '' || !Object.hasOwn(tokens, letter))
        throw new Error(`${all} is not a token that is known there`);
      return tokens[letter] as string;
    },
  );
}

/** What tokens are made of, once all is known of a connection. */
export interface Ends {
  /** As the user wrote it. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** HostKeyAlias. */
  readonly keyAlias: string | undefined;
  /** ProxyJump. */
  readonly jump: string | undefined;
}

/** The tokens of most directives, ssh_config(5) TOKENS. */
export function tokensOf({ alias, host, port, user, keyAlias, jump }: Ends): Tokens {
  const here = hostname();
  return {
    C: createHash('sha1').update(`${here}${host}${port}${user}`).digest('hex'),
    L: here.replace(/\..*/, ''),
    d: home(),
    h: host,
    i: String(process.getuid?.() ?? ''),
    j: jump ?? '',
    k: keyAlias ?? alias,
    l: here,
    n: alias,
    p: String(port),
    r: user,
    u: whoami(),
  };
}
