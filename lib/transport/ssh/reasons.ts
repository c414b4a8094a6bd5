/** Node's codes in words. */
export function reasonOf(error: Error & { readonly code?: unknown; readonly level?: string }): string {
  if (error.level === 'client-timeout') return 'the host no longer answers';
  return WORDS[String(error.code)] ?? (error.message || String(error.code ?? error.name));
}

/** What to do where this machine itself is at its limit. */
export function limitHint({ code }: Error & { readonly code?: unknown }): string | undefined {
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
  return 'each connection takes a file: raise the limit (ulimit -n), or connect fewer at a time with --forks';
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the other end reset it',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve at the moment',
  ETIMEDOUT: 'no answer',
  EMFILE: 'this process has as many files open as it may',
  ENFILE: 'this machine has as many files open as it may',
  EADDRNOTAVAIL: 'this machine has no such address to connect from',
};
