import { home, whoami } from '../../../whoami.ts';

/** What a program needs that connects for us, and no more: nothing of this process's secrets. */
const NAMES = ['PATH', 'SHELL', 'SSH_AUTH_SOCK', 'TERM', 'TMPDIR', 'LANG'];

/**
 * The environment of a ProxyCommand and of `ssh -G`: that of a plain login, and what files of ssh_config name as
 * `${NAME}` themselves.
 */
export function bareEnvironment(named: Iterable<string> = []): NodeJS.ProcessEnv {
  const names = [...NAMES, ...[...named].filter((name) => !name.startsWith('QUORATE_'))];
  const found = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(found), HOME: home(), USER: whoami(), LOGNAME: whoami() };
}
