/** `127.0.0.1`, `127.0.1.1`, `::1`, and the name for them. */
export function isLoopback(address: string): boolean {
  return /^127\.|^::1$|^localhost$/.test(address);
}
