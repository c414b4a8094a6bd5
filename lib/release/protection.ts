/** Plain http to another machine: whoever is on the way can change what comes. */
export function isUnprotected({ protocol, hostname }: URL): boolean {
  // URLs have each address in one spelling.
  return protocol === 'http:' && !/^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost)$/.test(hostname);
}
