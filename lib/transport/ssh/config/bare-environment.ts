import { home, whoami } from '../../../whoami.ts';

/** What a program needs that reads for us, and no more: nothing of this process's secrets. */
const NAMES = ['PATH', 'SHELL', 'SSH_AUTH_SOCK', 'TERM', 'TMPDIR', 'LANG'];

/** The variables that a text of ssh_config names: `$NAME` and `${NAME}`. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name);
}

/** The environment of `ssh -G`: that of a plain login, and the variables that the files of ssh_config name themselves. */
export function bareEnvironment(named: Iterable<string> = []): NodeJS.ProcessEnv {
  const names = [...NAMES, ...[...named].filter((name) => !name.startsWith('QUORATE_'))];
  const found = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(found), HOME: home(), USER: whoami(), LOGNAME: whoami() };
}
