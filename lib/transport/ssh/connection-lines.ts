import type { Connection } from '../host.ts';
import type { SshOptions } from './config/options.ts';
import { type AlgorithmChoices, algorithmChoices, chooseHostKeys, KEY_ALGORITHMS } from './ssh-algorithms.ts';
import { GLOBAL_FILES, userFiles, withOptions } from './ssh-settings.ts';

/** Keys that are printed as they are said, in the order of `ssh -G`. */
const AS_SAID = [
  'addressfamily',
  'canonicalizehostname',
  'connecttimeout',
  'serveralivecountmax',
  'serveraliveinterval',
  'requiredrsasize',
  'bindaddress',
  'bindinterface',
  'preferredauthentications',
];

/** The usual key files, as `ssh -G` lists them; those that cannot be used here are never there either. */
const USUAL_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'];

/**
 * What a connection over SSH would use, without contact, in the form of `ssh -G`: key in lower case, a blank, the value;
 * lists of keys as repeated lines. The inventory's variables count as ssh's own flags would. Throws what is wrong with
 * ssh_config, exit code 1.
 */
export function connectionLines(connection: Connection): Promise<readonly string[]> {
  return withOptions(connection, linesOf);
}

function linesOf(options: SshOptions): readonly string[] {
  const { all } = options;
  const said = (keyword: string) => all.get(keyword)?.values ?? [];
  const or = (keyword: string, usual: string) => `${keyword} ${options.text(keyword) ?? usual}`;
  const listed = (keyword: string, values: readonly string[]) => `${keyword} ${values.join(' ') || 'none'}`;
  return [
    `host ${options.alias}`,
    `user ${options.user}`,
    `hostname ${options.host}`,
    `port ${options.port}`,
    or('identitiesonly', 'no'),
    or('kbdinteractiveauthentication', 'yes'),
    or('passwordauthentication', 'yes'),
    or('pubkeyauthentication', 'true'),
    or('stricthostkeychecking', 'ask'),
    ...AS_SAID.flatMap((keyword) => said(keyword).map((value) => `${keyword} ${value}`)),
    ...lists(algorithmChoices(options)),
    ...optional('hostkeyalias', options.text('hostkeyalias')?.toLowerCase()),
    ...optional('identityagent', options.path('identityagent')),
    ...none(said('revokedhostkeys')).map((file) => `revokedhostkeys ${file}`),
    ...keyFiles(options).map((file) => `identityfile ${file}`),
    // As it is written: ssh looks for `~` in it later.
    listed('globalknownhostsfile', none(all.get('globalknownhostsfile')?.values ?? GLOBAL_FILES)),
    listed('userknownhostsfile', none(options.paths('userknownhostsfile') ?? userFiles())),
    ...proxy(options),
  ];
}

function optional(keyword: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${keyword} ${value}`];
}

function none(files: readonly string[]): readonly string[] {
  return files.filter((file) => !/^none$/i.test(file));
}

function lists({ cipher, kex, hmac, hostKey, userKey }: AlgorithmChoices): readonly string[] {
  const named = {
    ciphers: cipher,
    hostkeyalgorithms: hostKey === undefined ? undefined : chooseHostKeys(KEY_ALGORITHMS, hostKey),
    kexalgorithms: kex,
    macs: hmac,
    pubkeyacceptedalgorithms: userKey,
  };
  return Object.entries(named).flatMap(([keyword, list]) => optional(keyword, list?.join(',')));
}

function keyFiles(options: SshOptions): readonly string[] {
  return options.all.get('identityfile')?.values ?? USUAL_KEYS.map((file) => `~/.ssh/${file}`);
}

/** One of the two at most. */
function proxy(options: SshOptions): readonly string[] {
  const jump = options.text('proxyjump');
  if (jump) return [`proxyjump ${jump}`];
  const command = options.text('proxycommand') ?? 'none';
  return /^none$/i.test(command) ? [] : [`proxycommand ${command}`];
}
