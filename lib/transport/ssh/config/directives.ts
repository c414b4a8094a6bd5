import { CIPHER_NAMES, KEX_NAMES, KEY_NAMES, MAC_NAMES } from './algorithms.ts';
import {
  addKeys,
  anything,
  choice,
  command,
  count,
  domains,
  flag,
  flagOr,
  forward,
  integer,
  isOutside,
  list,
  names,
  port,
  rekey,
  socket,
  some,
  type Take,
  text,
  time,
} from './values.ts';

/** A directive of ssh_config(5): what it takes, and what becomes of it here. */
export interface Directive {
  readonly take: Take;
  /**
   * - `honoured`: the connection is made as it says;
   * - `harmless`: nothing of what is protected changes without it (forwardings, terminals, a further way to log in);
   * - `refused`: it protects the connection, and cannot be kept here.
   */
  readonly stance: 'honoured' | 'harmless' | 'refused';
  /** All values that are given count, not the first alone. */
  readonly adds?: boolean;
  /** OpenSSH has it, or that value, since 9.3 or later: whether this machine's has it, only that can say. */
  readonly recent?: (value: string) => boolean;
  /** Values that leave everything as it is, though the stance is `refused`. */
  readonly unless?: RegExp;
  readonly hint?: string;
}

const honoured =
  (...keywords: string[]) =>
  (take: Take, more: Partial<Directive> = {}) =>
    keywords.map((keyword) => [keyword, { take, stance: 'honoured', ...more }] as const);
const harmless =
  (...keywords: string[]) =>
  (take: Take, more: Partial<Directive> = {}) =>
    keywords.map((keyword) => [keyword, { take, stance: 'harmless', ...more }] as const);
const refused = (keyword: string, take: Take, unless: RegExp, hint: string) => [
  [keyword, { take, stance: 'refused', unless, hint }] as const,
];

/** Keyword in lower case → the directive. Not here: Host, Match and Include, which say for whom the others are. */
export const DIRECTIVES: ReadonlyMap<string, Directive> = new Map<string, Directive>([
  ...honoured(
    'hostname',
    'hostkeyalias',
    'user',
    'bindaddress',
    'bindinterface',
    'preferredauthentications',
  )(text),
  ...honoured('revokedhostkeys', 'ignoreunknown')(text),
  ...honoured('identityfile')(text, { adds: true }),
  ...honoured('port')(port),
  ...honoured('identityagent')(socket),
  ...honoured('userknownhostsfile', 'globalknownhostsfile')(list),
  ...honoured('proxycommand', 'proxyjump')(command),
  ...honoured('identitiesonly', 'passwordauthentication', 'kbdinteractiveauthentication')(flag),
  ...honoured('pubkeyauthentication')(flagOr('unbound', 'host-bound')),
  ...honoured('stricthostkeychecking')(
    choice({
      true: 'true',
      false: 'false',
      yes: 'true',
      no: 'false',
      ask: 'ask',
      off: 'false',
      'accept-new': 'accept-new',
    }),
  ),
  ...honoured('addressfamily')(choice({ inet: 'inet', inet6: 'inet6', any: 'any' })),
  ...honoured('connecttimeout', 'serveraliveinterval')(time),
  ...honoured('serveralivecountmax', 'requiredrsasize')(integer),
  ...honoured('ciphers')(text, { recent: isOutside(CIPHER_NAMES) }),
  ...honoured('macs')(text, { recent: isOutside(MAC_NAMES) }),
  ...honoured('kexalgorithms')(text, { recent: isOutside(KEX_NAMES) }),
  ...honoured('hostkeyalgorithms', 'pubkeyacceptedalgorithms')(text, { recent: isOutside(KEY_NAMES, true) }),
  // Asked of ssh where they are switched on.
  ...honoured('canonicalizehostname')(flagOr('always')),
  ...honoured('canonicalizepermittedcnames')(list),
  ...honoured('canonicaldomains')(domains),
  ...honoured('canonicalizemaxdots')(integer),
  ...honoured('canonicalizefallbacklocal')(flag),
  ...honoured('tag', 'refuseconnection')(text, { recent: () => true }),

  ...refused(
    'knownhostscommand',
    command,
    /^none$/i,
    'write the keys that it prints into a known_hosts file',
  ),
  ...refused(
    'proxyusefdpass',
    flag,
    /^no$/,
    'without it the command of ProxyCommand passes on the bytes itself',
  ),

  // A certificate only adds a way to log in, or to trust: neither is understood here.
  ...harmless('certificatefile')(text, { adds: true }),
  ...harmless('casignaturealgorithms', 'hostbasedacceptedalgorithms')(text, {
    recent: isOutside(KEY_NAMES, true),
  }),
  ...harmless(
    'forwardx11',
    'forwardx11trusted',
    'gatewayports',
    'exitonforwardfailure',
    'hostbasedauthentication',
  )(flag),
  ...harmless(
    'batchmode',
    'checkhostip',
    'tcpkeepalive',
    'nohostauthenticationforlocalhost',
    'hashknownhosts',
  )(flag),
  ...harmless(
    'clearallforwardings',
    'enablesshkeysign',
    'permitlocalcommand',
    'visualhostkey',
    'stdinnull',
  )(flag),
  ...harmless('forkafterauthentication', 'streamlocalbindunlink', 'enableescapecommandline')(flag),
  ...harmless(
    'gssapiauthentication',
    'gssapidelegatecredentials',
    'gssapikeyexchange',
    'gssapitrustdns',
  )(flag),
  ...harmless('gssapirenewalforcesrekey')(flag),
  ...harmless('gssapiclientidentity', 'gssapiserveridentity', 'gssapikexalgorithms')(text),
  ...harmless('verifyhostkeydns', 'updatehostkeys')(flagOr('ask')),
  ...harmless('compression')(choice({ yes: 'yes', no: 'no' })),
  ...harmless('controlmaster')(flagOr('auto', 'ask', 'autoask')),
  ...harmless('tunnel')(flagOr('ethernet', 'point-to-point')),
  ...harmless('requesttty')(flagOr('force', 'auto')),
  ...harmless('sessiontype')(choice({ none: 'none', subsystem: 'subsystem', default: 'default' })),
  ...harmless('forwardx11timeout')(time),
  ...harmless('connectionattempts')(count),
  ...harmless('numberofpasswordprompts')(integer),
  ...harmless(
    'kbdinteractivedevices',
    'xauthlocation',
    'controlpath',
    'pkcs11provider',
    'securitykeyprovider',
  )(text),
  ...harmless('forwardagent')(socket),
  ...harmless('localcommand', 'remotecommand')(command),
  ...harmless('sendenv')(names, { adds: true }),
  ...harmless('setenv')(some(Number.POSITIVE_INFINITY, /=/)),
  ...harmless('localforward')(forward(2, 2)),
  ...harmless('remoteforward')(forward(1, 2)),
  ...harmless('dynamicforward')(forward(1, 1)),
  ...harmless('permitremoteopen')(some(Number.POSITIVE_INFINITY, /^(any|none|.+:(\*|\w+))$/i)),
  ...harmless('logverbose')(list),
  ...harmless('loglevel')(some(1, /^(quiet|fatal|error|info|verbose|debug[1-3]?)$/i)),
  ...harmless('syslogfacility')(some(1, /^(daemon|user|auth|authpriv|local[0-7])$/i)),
  ...harmless('fingerprinthash')(some(1, /^(md5|sha1|sha256|sha384|sha512)$/i)),
  ...harmless('escapechar')(some(1, /^(none|.|\^[@-\x7e])$/)),
  ...harmless('addkeystoagent')(addKeys),
  ...harmless('controlpersist')(some(1, /^(yes|no|true|false|([\d]+[smhdwSMHDW]?)+)$/)),
  ...harmless('rekeylimit')(rekey),
  ...harmless('ipqos')(
    some(
      2,
      /^(af[1-4][1-3]|cs[0-7]|ef|le|lowdelay|throughput|reliability|none|1?\d?\d|2[0-4]\d|25[0-5]|0x[\da-f]{1,2})$/i,
    ),
  ),
  ...harmless('tunneldevice')(some(1, /^(any|\d+)(:(any|\d+))?$/)),
  ...harmless('streamlocalbindmask')(some(1, /^[0-7]{1,4}$/)),
  ...harmless(
    'obscurekeystroketiming',
    'channeltimeout',
    'versionaddendum',
    'warnweakcrypto',
  )(some(99), { recent: () => true }),
  // Apple's.
  ...harmless('usekeychain')(text, { recent: () => true }),
  // ssh itself only passes over these.
  ...harmless(
    'protocol',
    'cipher',
    'fallbacktorsh',
    'globalknownhostsfile2',
    'rhostsauthentication',
  )(anything),
  ...harmless('userknownhostsfile2', 'useroaming', 'usersh', 'useprivilegedport')(anything),
  ...harmless(
    'afstokenpassing',
    'kerberosauthentication',
    'kerberostgtpassing',
    'rsaauthentication',
  )(anything),
  ...harmless('rhostsrsaauthentication', 'compressionlevel')(anything),
]);

/** Other names of some. */
export const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  identityfile2: 'identityfile',
  keepalive: 'tcpkeepalive',
  // Debian's.
  protocolkeepalives: 'serveraliveinterval',
  setuptimeout: 'serveraliveinterval',
  hostbasedkeytypes: 'hostbasedacceptedalgorithms',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  smartcarddevice: 'pkcs11provider',
};
