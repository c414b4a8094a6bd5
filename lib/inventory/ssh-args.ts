import type { Connection, HostKeyPolicy } from '../transport/host.ts';
import { type Arguments, sshArguments } from '../transport/ssh/config/arguments.ts';
import { jumpOf } from '../transport/ssh/config/jump.ts';
import { nearest, unsafeText } from './checks/validate.ts';
import type { NamedKeys } from './keys.ts';
import { type Setting, shownSetting, type Tell } from './variables/settings.ts';

type SshArgs = Pick<
  Connection,
  | 'proxyJump'
  | 'proxyCommand'
  | 'knownHostsFile'
  | 'strictHostKeyChecking'
  | 'sshFirst'
  | 'sshOptions'
  | 'sshConfigFile'
>;

const HINT = 'write options of ssh_config: -o ProxyJump=HOST';

interface Option {
  readonly takes: (value: string) => boolean;
  readonly wanted: string;
}

const isThere = (value: string) => value !== '';

/** Options that a connection has a place for, by lower-case name. */
const OPTIONS: Readonly<Record<string, Option>> = {
  proxyjump: {
    // As ssh since 9.6, nothing that a shell would take apart.
    takes: (value) => jumpOf(value) !== undefined && !/['"`$\\;&<>|(){}]/.test(value),
    wanted: 'must be [USER@]HOST[:PORT], several with commas',
  },
  proxycommand: { takes: isThere, wanted: 'must be a command' },
  userknownhostsfile: { takes: isThere, wanted: 'must be a path' },
  stricthostkeychecking: {
    takes: (value) => /^(yes|true|no|false|off|ask|accept-new)$/i.test(value),
    wanted: 'must be yes, accept-new or no',
  },
};

/** The transport judges those that it alone knows. */
const OTHER: Option = { takes: isThere, wanted: 'must have a value' };

/**
 * Read `ansible_ssh_args`, `_common_args` and `_extra_args` as connection settings. Like Ansible, the first go before
 * the options from variables (`checking` among them), the others after.
 */
export function sshArgs(
  settingOf: (name: string) => Setting | undefined,
  checking: HostKeyPolicy | undefined,
  keys: NamedKeys,
  tell: Tell,
): SshArgs {
  const all: (readonly [keyword: string, value: string, setting: Setting])[] = [];
  let before = 0;
  let sshConfigFile: string | undefined;
  for (const name of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    if (name === 'ansible_ssh_common_args') before = all.length;
    const setting = settingOf(name);
    if (setting === undefined) continue;
    if (typeof setting.value !== 'string' || unsafeText(setting.value.replaceAll('\n', ' ')) !== undefined) {
      tell(name, setting, `must be text, found ${shownSetting(name, setting)}`, 'write -o ProxyJump=HOST');
      continue;
    }
    const read = sshArguments(setting.value, (path) => keys.argument(name, path, setting));
    const found = optionsOf(read, setting, (problem, hint) => tell(name, setting, problem, hint));
    all.push(...found.options.map(([keyword, value]) => [keyword, value, setting] as const));
    if (found.configFile !== undefined) sshConfigFile ??= configFile(found.configFile, setting.folder);
  }
  // As in ssh: the first one counts, and of ProxyJump and ProxyCommand the first of both.
  const first = (...keywords: string[]) => all.find(([keyword]) => keywords.includes(keyword.toLowerCase()));
  const proxy = first('proxyjump', 'proxycommand');
  const files = first('userknownhostsfile');
  const known = files && isOwn(files) ? files : undefined;
  const strict = (of: typeof all) =>
    hostKeyPolicy(of.find(([keyword]) => keyword.toLowerCase() === 'stricthostkeychecking')?.[1]);
  const rest = (of: typeof all) =>
    of.flatMap((option) => (isOwn(option) ? [] : [[option[0], option[1]] as const]));
  const [sshFirst, sshOptions] = [rest(all.slice(0, before)), rest(all.slice(before))];
  return {
    proxyJump: proxy?.[0].toLowerCase() === 'proxyjump' ? proxy[1] : undefined,
    knownHostsFile: known && knownHosts(known[1], known[2].folder),
    strictHostKeyChecking: strict(all.slice(0, before)) ?? checking ?? strict(all),
    ...(proxy?.[0].toLowerCase() === 'proxycommand' && { proxyCommand: proxy[1] }),
    ...(sshFirst.length > 0 && { sshFirst }),
    ...(sshOptions.length > 0 && { sshOptions }),
    ...(sshConfigFile !== undefined && { sshConfigFile }),
  };
}

/** A connection has a place for it; of files of known hosts, for one. */
function isOwn([keyword, value]: readonly [keyword: string, value: string, ...unknown[]]): boolean {
  const name = keyword.toLowerCase();
  return name === 'userknownhostsfile' ? /^("[^"]*"|\S+)$/.test(value) : Object.hasOwn(OPTIONS, name);
}

function configFile(path: string, folder: string | undefined): string {
  return path.toLowerCase() === 'none' ? 'none' : nearest(path, folder);
}

/** OpenSSH's word for no file at all is none. */
function knownHosts(quoted: string, folder: string | undefined): string {
  const path = quoted.replace(/^"(.*)"$/, '$1');
  return path.toLowerCase() === 'none' ? '/dev/null' : nearest(path, folder);
}

/** Those of ssh's arguments that are good, in their order. */
function optionsOf(
  { options, configFile, problems }: Arguments,
  { template }: Setting,
  tell: (problem: string, hint: string) => void,
): Pick<Arguments, 'options' | 'configFile'> {
  for (const problem of problems) tell(problem, HINT);
  const good = options.filter(([keyword, value]) => {
    const name = keyword.toLowerCase();
    const { takes, wanted } = (Object.hasOwn(OPTIONS, name) && OPTIONS[name]) || OTHER;
    if (takes(value) && !value.startsWith('-')) return true;
    const found = shownSetting(keyword, { value, template });
    tell(`${keyword} ${wanted}, found ${found}`, HINT);
    return false;
  });
  return { options: good, configFile };
}

function hostKeyPolicy(value: string | undefined): HostKeyPolicy | undefined {
  if (value === undefined) return undefined;
  if (/^(no|off|false)$/i.test(value)) return 'no';
  return /^accept-new$/i.test(value) ? 'accept-new' : 'yes';
}
