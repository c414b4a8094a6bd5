import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../../lib/errors.ts';
import { connectionLines } from '../../../../../lib/transport/ssh/connection-lines.ts';
import { random } from '../../../../lab/support/random.ts';
import { scratch } from '../../../support/scratch.ts';
import { connectionOf } from '../../support/connection.ts';
import { askSshAtHome, compared, sshVersion, writeFiles } from '../../support/real-ssh.ts';

const COUNT = Number(process.env.QUORATE_SSH_CASES ?? 150);
const FIRST = Number(process.env.QUORATE_SSH_SEED ?? 1);

/** Files of ssh_config, from a seed. */
class Maker {
  readonly #roll: () => number;

  constructor(seed: number) {
    this.#roll = random(seed);
  }

  one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#roll() * list.length)] as T;
  }

  maybe(chance: number): boolean {
    return this.#roll() < chance;
  }

  files(): Readonly<Record<string, string>> {
    const names = ['a', 'conf.d/x', 'conf.d/y.conf', 'lima/config', '.hidden'];
    const others = names.filter(() => this.maybe(0.5)).map((name) => [name, this.text(3, false)] as const);
    return { config: this.text(7, true), ...Object.fromEntries(others) };
  }

  text(most: number, includes: boolean): string {
    const count = 1 + Math.floor(this.#roll() * most);
    const lines = Array.from({ length: count }, () => this.line(includes));
    return lines.join(this.maybe(0.05) ? '\r\n' : '\n') + (this.maybe(0.9) ? '\n' : '');
  }

  line(includes: boolean): string {
    const indent = this.one(['', '', '  ', '\t']);
    const end = this.one(['', '', '', ' ', ' # why', '\t#x']);
    if (this.maybe(0.25)) return `${indent}${this.block()}${this.maybe(0.2) ? end : ''}`;
    if (includes && this.maybe(0.15)) {
      const what = this.one([
        'a',
        'conf.d/*',
        'conf.d/[xz]',
        '~/.ssh/*/config',
        'none',
        '"a"',
        'a conf.d/x',
        '*',
        'conf.d/?.conf',
        '"conf.d/x" a',
        '~/.ssh/a',
      ]);
      return `${indent}Include ${what}${end}`;
    }
    if (this.maybe(0.08)) return this.one(['', '# nothing', '   ', '\t# x', '#Host web']);
    return `${indent}${this.directive()}${end}`;
  }

  block(): string {
    const hosts = [
      'web',
      'db',
      '*',
      'w*',
      'web?',
      '?eb',
      '!web',
      '!db',
      'WEB',
      'web.example',
      '10.0.0.*',
      '"web"',
      'w?b',
      '*.example',
    ];
    if (this.maybe(0.55)) {
      const names = Array.from({ length: 1 + Math.floor(this.#roll() * 3) }, () => this.one(hosts));
      return `${this.one(['Host ', 'host ', 'HOST\t', 'Host=', 'Host = '])}${names.join(' ')}`;
    }
    const lists = [
      'web',
      'web,db',
      '*',
      '!web,*',
      'WEB',
      '10.*',
      '"web"',
      'web.example',
      'w?b',
      'bob',
      'root',
      'alice,bob',
      '!bob,*',
    ];
    const criteria = ['host', 'originalhost', 'user', 'localuser', 'Host', '!host', '!user', '!originalhost'];
    const one = () => `${this.one(criteria)}${this.one([' ', ' ', '='])}${this.one(lists)}`;
    const parts = Array.from({ length: 1 + Math.floor(this.#roll() * 2) }, one);
    if (this.maybe(0.15))
      parts.push(
        this.one([
          'exec "true"',
          'exec false',
          '!exec "false"',
          'exec "test %h = web"',
          'exec "test %n = web"',
        ]),
      );
    if (this.maybe(0.15)) parts.unshift(this.one(['final', 'canonical', '!final', '!canonical']));
    if (this.maybe(0.15))
      return `Match ${this.one(['all', 'final all', 'canonical all', '!all', 'host web all', 'all host web', 'host', ''])}`;
    return `Match ${parts.join(' ')}`;
  }

  directive(): string {
    const values: Readonly<Record<string, readonly string[]>> = {
      HostName: [
        '10.0.0.9',
        '%h.example',
        'web.example',
        'Web.Example',
        '%%h',
        '%n',
        'fd00::1',
        'FD00::0:1',
        'fe80::1%%eth0',
        '"a b"',
      ],
      Port: ['22', '2222', 'ssh', 'http', '0', '65536', '22x', '2222 3'],
      User: ['bob', 'alice', '"bob"', '%u', "'al ice'", 'a"b"c', 'bob\\"x'],
      IdentityFile: [
        '~/.ssh/a',
        '%d/k',
        '"~/.ssh/my key"',
        'none',
        '~/.ssh/%r@%h',
        '/k\\ l',
        "'~/x'",
        '~/.ssh/a',
        '${HOME}/k',
        'k',
      ],
      IdentitiesOnly: ['yes', 'no', 'true', 'FALSE', 'maybe', '"yes"'],
      ProxyJump: [
        'none',
        'bastion',
        'bob@gw:2222',
        'a,b',
        'ssh://bob@gw:22',
        '10.0.0.1',
        '[fd00::1]:22',
        'gw-%h',
        'a b',
        '@x',
        'x:',
        'x:y',
      ],
      ProxyCommand: ['none', 'nc %h %p', 'ssh -W %h:%p "b c"', '= nc %h', 'nc # %h'],
      HostKeyAlias: ['al', 'Al.Example', '"x"'],
      UserKnownHostsFile: [
        '~/.ssh/kh1 ~/.ssh/kh2',
        'none',
        '"~/.ssh/k h"',
        '~/.ssh/%k-%n-%h-%p',
        '/dev/null',
        '/a none',
        '${HOME}/kh',
        '~daemon/kh',
        '%d/x%%',
      ],
      GlobalKnownHostsFile: ['none', '/etc/x /etc/y', '~/g', '/a%h'],
      StrictHostKeyChecking: ['yes', 'no', 'ask', 'accept-new', 'off', 'TRUE', 'false', 'on'],
      IdentityAgent: [
        'none',
        'SSH_AUTH_SOCK',
        '$FOO',
        '${HOME}/agent',
        '~/agent-%r',
        '"/a b"',
        '$F-O',
        '${NOPE}',
      ],
      IgnoreUnknown: ['Foo', 'Use*,Foo', 'foo'],
      Foo: ['yes', 'a b'],
      UseKeychain: ['yes'],
      ConnectTimeout: ['10', '1m30s', 'none', '5x', '-1'],
      ServerAliveInterval: ['15', '1h', 'x'],
      Ciphers: ['aes256-ctr', '+3des-cbc', '-aes*', '^aes128-ctr', 'foo', 'aes256-ctr,foo'],
      HostKeyAlgorithms: ['ssh-ed25519', '+ssh-rsa', 'ssh-*', 'x'],
      SendEnv: ['LANG LC_*', '-LC_*', 'A=b'],
      SetEnv: ['A=b C=d', 'A'],
      ControlPersist: ['10m', 'yes', 'x'],
      LocalForward: ['8080 localhost:80', '8080'],
      LogLevel: ['ERROR', 'quiet', 'loud'],
      BatchMode: ['yes', '1'],
      ForwardAgent: ['yes', '/a'],
      PreferredAuthentications: ['publickey', 'password,publickey'],
      Compression: ['yes', 'no', 'true'],
      Cipher: ['blowfish', ''],
      KeepAlive: ['yes', 'x'],
      PubkeyAuthentication: ['unbound', 'no'],
      RekeyLimit: ['1G 1h', 'default none', 'x'],
      AddKeysToAgent: ['yes', 'confirm 5m', '5m', 'x'],
      TunnelDevice: ['any', '0:1', 'x'],
      EscapeChar: ['none', '~', '^]', 'xx'],
      IPQoS: ['af21 cs1', 'none'],
      CanonicalDomains: ['none', 'example.com'],
      LocalCommand: ['echo \\', 'x "y"', 'x "y'],
    };
    const usual = Object.keys(values).slice(0, 12);
    // What ssh refuses is rare, or nothing else would be compared.
    for (;;) {
      const keyword = this.one(this.maybe(0.8) ? usual : Object.keys(values));
      const value = this.one(values[keyword] as readonly string[]);
      const refused =
        /^(0|65536|22x|2222 3|maybe|on|5x|-1|x|x:|x:y|@x|a b|%n|foo|aes256-ctr,foo|A=b|A|8080|loud|1|xx|\$F-O|\$\{NOPE\}|\/a none|x "y|)$/.test(
          value,
        );
      if (refused && !this.maybe(0.08)) continue;
      if (/^(Foo|UseKeychain)$/.test(keyword) && !this.maybe(0.3)) continue;
      const name = this.one([keyword, keyword, keyword.toLowerCase(), keyword.toUpperCase()]);
      return `${name}${this.one([' ', ' ', '=', ' = ', '\t'])}${value}`;
    }
  }
}

const { HOME, LOGNAME } = process.env;
beforeEach(() => {
  process.env.LOGNAME = 'root';
});
afterEach(() => {
  process.env.HOME = HOME;
  process.env.LOGNAME = LOGNAME;
});

/** Holds what we make of files against what ssh says. */
async function compare(files: Readonly<Record<string, string>>, host: string, user: string | undefined) {
  const home = scratch();
  process.env.HOME = home;
  writeFiles(home, files);
  const lines = askSshAtHome(host, user === undefined ? [] : ['-l', user], home);
  if (lines === 'impossible') return;
  const found = await ours(host, user);
  expect(found.lines, JSON.stringify({ files, host, user, found: found.why }, null, 1)).toEqual(
    lines === undefined ? null : compared(lines),
  );
}

describe.runIf(sshVersion() !== undefined)('what ssh -G says is meant by', () => {
  const edges: readonly {
    readonly files: Readonly<Record<string, string>>;
    readonly host?: string;
    readonly user?: string;
  }[] = JSON.parse(readFileSync(new URL('edges.json', import.meta.url), 'utf8'));

  it.each(edges)('$files', ({ files, host = 'web', user }) => compare(files, host, user));

  it.each(Array.from({ length: COUNT }, (_, i) => FIRST + i))(
    'files that nobody has thought of, seed %i',
    async (seed) => {
      const maker = new Maker(seed);
      const files = maker.files();
      const host = maker.one(['web', 'web', 'db', 'Web', 'web.example', '10.0.0.4']);
      await compare(files, host, maker.one([undefined, undefined, 'bob']));
    },
  );
});

async function ours(host: string, user: string | undefined) {
  try {
    return { lines: compared(await connectionLines(connectionOf({ kind: 'ssh', address: host, user }))) };
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    return { lines: null, why: `${error.position?.line}: ${error.message}` };
  }
}
