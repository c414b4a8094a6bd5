/** This process's environment for programs of this machine, without what is meant for this program alone: a passphrase. */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUORATE_')));
}
