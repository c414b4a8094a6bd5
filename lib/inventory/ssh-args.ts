import { shownValue } from '../secret-names.ts';
import type { Connection, HostKeyPolicy } from '../transport/host.ts';
import { resolvePath, unsafeText } from './validate.ts';
import type { Setting } from './variables.ts';

type SshArgs = Pick<Connection, 'proxyJump' | 'knownHostsFile' | 'strictHostKeyChecking'>;
type Tell = (name: string, setting: Setting, problem: string, hint?: string) => void;

const HONOURED = 'ProxyJump, UserKnownHostsFile and StrictHostKeyChecking are';

/** Option by lower-case name → what it may be, in a pattern and in words. */
const OPTIONS: Readonly<Record<string, readonly [pattern: RegExp, wanted: string]>> = {
  proxyjump: [/^[\w.@:,[\]%-]+$/, 'must be [USER@]HOST[:PORT], several with commas'],
  userknownhostsfile: [/./, 'must be a path'],
  stricthostkeychecking: [/^(yes|no|on|off|ask|accept-new)$/i, 'must be yes, accept-new or no'],
};

/** Of `ansible_ssh_common_args` and `_extra_args`, what we honour; the rest must not be passed over. */
export function sshArgs(settingOf: (name: string) => Setting | undefined, tell: Tell): SshArgs {
  const options = new Map<string, readonly [value: string, setting: Setting]>();
  for (const name of ['ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const setting = settingOf(name);
    if (setting === undefined) continue;
    if (typeof setting.value !== 'string' || unsafeText(setting.value) !== undefined) {
      tell(
        name,
        setting,
        `must be text, found ${shownValue(name, setting.value)}`,
        'write -o ProxyJump=HOST',
      );
      continue;
    }
    // As in ssh: the first one counts.
    for (const [key, value] of optionsOf(setting.value, (problem, hint) =>
      tell(name, setting, problem, hint),
    ))
      if (!options.has(key)) options.set(key, [value, setting]);
  }
  const known = options.get('userknownhostsfile');
  return {
    proxyJump: options.get('proxyjump')?.[0],
    knownHostsFile: known && knownHosts(known[0], known[1].folder),
    strictHostKeyChecking: hostKeyPolicy(options.get('stricthostkeychecking')?.[0]),
  };
}

/** OpenSSH's word for no file at all is none. */
function knownHosts(path: string, folder: string | undefined): string {
  return path.toLowerCase() === 'none' ? '/dev/null' : resolvePath(path, folder);
}

/** The honoured options among ssh's arguments, in their order. */
function optionsOf(args: string, tell: (problem: string, hint: string) => void): readonly [string, string][] {
  const found: [string, string][] = [];
  const words = (args.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) =>
    word.replaceAll(/["']/g, ''),
  );
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    const [, flag, attached] = /^-([oJ])(.*)$/.exec(word) ?? [];
    const argument = attached || words[i + 1];
    if (flag === undefined || argument === undefined) {
      tell(flag === undefined ? `${word} is not honoured here` : `${word} has nothing after it`, HONOURED);
      break;
    }
    if (!attached) i += 1;
    const [, key = '', value = ''] =
      flag === 'J'
        ? ['', 'ProxyJump', argument]
        : (/^(\w+)\s*[=\s]?\s*(.*)$/.exec(argument) ?? ['', argument]);
    const option = Object.hasOwn(OPTIONS, key.toLowerCase()) ? OPTIONS[key.toLowerCase()] : undefined;
    if (option === undefined) {
      tell(
        `-o ${key} is not honoured here`,
        key.toLowerCase() === 'proxycommand' ? 'use ProxyJump' : HONOURED,
      );
    } else if (!option[0].test(value) || value.startsWith('-')) {
      tell(`${key} ${option[1]}, found ${shownValue(key, value)}`, HONOURED);
    } else found.push([key.toLowerCase(), value]);
  }
  return found;
}

function hostKeyPolicy(value: string | undefined): HostKeyPolicy | undefined {
  if (value === undefined) return undefined;
  if (/^(no|off)$/i.test(value)) return 'no';
  return /^accept-new$/i.test(value) ? 'accept-new' : 'yes';
}
