/**
 * The name of a member as a cluster says it; empty where it is none that may stand in a file or a command: its ID serves
 * then. Whoever holds one member's key says what the list has, and what joins gets the list as lines of its environment.
 */
export function plainName(said: string): string {
  return /^[A-Za-z0-9._-]+$/.test(said) ? said : '';
}

/** `https://HOST:PORT` as etcd takes it, or a socket of its own; nothing that could end a line, a quote or a list. */
export function isMemberUrl(said: string): boolean {
  return /^(https?:\/\/(\[[0-9A-Fa-f:.]+(%25[\w.-]+)?\]|\w[\w.-]*):\d{1,5}|unixs?:\/\/[\w.:/-]*)$/.test(said);
}
