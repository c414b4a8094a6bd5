import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redact } from '../../lib/dsl/secret.ts';
import { quote } from '../../lib/dsl/shell/sh.ts';
import { keepNamedSecrets } from '../../lib/inventory/checks/secrets.ts';
import { momentOf } from '../../lib/inventory/variables/moment.ts';
import { oneLine } from '../../lib/report/text.ts';
import { isPrivate, isSecret } from '../../lib/secret-names.ts';
import { maskBehindNames, maskMessage, maskText } from '../../lib/secret-texts.ts';
import { maskWords } from '../../lib/secret-words.ts';
import { Project } from './support/project.ts';

const M = '********';
const PEM = ['BEGIN', 'END'].map((word) => `-----${word} RSA PRIVATE KEY-----`) as [string, string];

describe('the value of a variable', () => {
  it.each([
    ...['db_password', 'root_pass', 'dbpass', 'PGPASSWORD', 'smtp_passwd', 'ca_passphrase', 'client_secret'],
    ...['password_edge', 'password_agent', 'passwordless_token', 'passwordHash'],
    ...['password_age_key', 'password_auth_ldap'],
    ...['aws_credentials', 'secret_key_base', 'vault_secret_id', 'github_api_key', 'aws_access_key'],
    ...['registry_token', 'token', 'ipsec_psk', 'card_pin', 'wireguard_private_key', 'encryption_key'],
    ...[
      'public_site_db_password',
      'republic_password',
      'webhook_secret_url',
      'credential_url',
      'password_url',
    ],
  ])('of the name %s is a secret', (name) => expect(isSecret(name)).toBe(true));

  it.each([
    ...['token_ttl', 'token_type', 'token_file', 'password_file', 'registry_token_path', 'secret_dir'],
    ...['aws_access_key_id', 'ssh_private_key_file', 'secret_name', 'api_key_url', 'PWD', 'OLDPWD'],
    ...['ssh_public_key', 'signing_public_key', 'signing_keys', 'key', 'bypass', 'compass', 'passenger_ruby'],
    ...['vault_addr', 'initial-cluster-token', 'pinned', 'password_user', 'secretsPath', 'tokenFile'],
    ...['security_sudoers_passwordless', 'os_users_without_password_ageing', 'users_passworded'],
    ...['sshd_password_authentication', 'os_auth_pw_max_age', 'passwd_perms', 'password_policy'],
    ...['token_url', 'vault_url', 'secret_public', 'publicKey'],
  ])('of the name %s is none', (name) => expect(isSecret(name)).toBe(false));

  it.each([
    ...['compass', 'bypass_rules', 'passthrough', 'passengers', 'vault_version', 'vault_addr', 'secretsPath'],
    ...['tokens_enabled', 'password_file', 'secret_dir', 'sudoers_passwordless'],
  ])('of the name %s may be quoted', (name) => expect(isPrivate(name)).toBe(false));

  it.each([
    'dbpass',
    'pass',
    'dbPass',
    'passcode',
    'vault_secrets',
    'bypass_token',
    'apiKey',
    'secret_versions',
  ])('of the name %s is not quoted', (name) => expect(isPrivate(name)).toBe(true));

  it.each([
    ['tls_private_key', '/etc/ssl/private/site.key'],
    ['tls_private_key', '{{ folder }}/site.key'],
    ['auth-token', 'simple'],
    ['auth-token', 'jwt,pub-key=/etc/jwt.pub,sign-method=RS256'],
  ])('of the name %s is none where it is %s', (name, value) => {
    expect([isSecret(name), isSecret(name, value)]).toEqual([true, false]);
  });

  it.each([
    ['auth-token', 'simple-8f3a'],
    ['auth-token', 'jwt-8f3a'],
    ['wg_private_key', `/${'a+/4'.repeat(10)}aa=`],
  ])('of the name %s is one where it is %s', (name, value) => expect(isSecret(name, value)).toBe(true));
});

describe('in a file of somebody else', () => {
  it.each([
    ['API_KEY=geheim', `API_KEY=${M}`],
    ['aws-access-key: geheim', `aws-access-key: ${M}`],
    ['db_pass = geheim', `db_pass = ${M}`],
    ['wpa_psk=geheim', `wpa_psk=${M}`],
    ['"registry_token": "ge heim",', `"registry_token": ${M},`],
    ['{"a": "{\\"password\\": \\"ge heim\\"}"}', `{"a": "{\\"password\\": ${M}}"}`],
    ["printf %s 'PASSWORD='\\''ge heim'\\'' x'", `printf %s 'PASSWORD=${M} x'`],
    ["printf %s 'PASSWORD=it'\\''s'", `printf %s 'PASSWORD=${M}'`],
    ['a=1\npassword=geheim\nb=2', `a=1\npassword=${M}\nb=2`],
    ['secret: "first\nsecond"\nb: 2', `secret: ${M}\n${M}\nb: 2`],
    ["secret: 'first\n\n  second' x", `secret: ${M}\n\n  ${M} x`],
    ['secret: "first one', `secret: ${M}`],
    ['\\"secret\\": \\"first one', `\\"secret\\": ${M}`],
    ["x 'PASSWORD='\\''first one", `x 'PASSWORD=${M}`],
    ['password:\n  hunter2\nb: 2', `password:\n  ${M}\nb: 2`],
    ['auth_token=simple-8f3a', `auth_token=${M}`],
    [
      'a:\n  password: |\n    one\n\n      two\n  b: 1',
      `a:\n  password: ${M}\n    ${M}\n\n      ${M}\n  b: 1`,
    ],
    ['- db_password: >-  # x\n    one\n- b', `- db_password: ${M}  # x\n    ${M}\n- b`],
    ['password: !unsafe |\n  one\nb: 1', `password: ${M} |\n  ${M}\nb: 1`],
    ['password: &a |-\n  one\nb: 1', `password: ${M} |-\n  ${M}\nb: 1`],
    [
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\naa\n-----END PGP PRIVATE KEY BLOCK-----',
      `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${M}\n-----END PGP PRIVATE KEY BLOCK-----`,
    ],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,0\n\naaaaaaaaaaaaaaaaaaaa\n',
      `-----BEGIN RSA PRIVATE KEY-----\n${M}\n${M}\n\n${M}\n`,
    ],
    ['passwords:\n- one two\n- "b"\nc: 1', `passwords:\n- ${M}\n- ${M}\nc: 1`],
    ['passwords:\n\n  - one\n\n  - two\nc: 1', `passwords:\n\n  - ${M}\n\n  - ${M}\nc: 1`],
    [
      'passwords:\n  # one\n  - a\n# two\n  - b\nc: 1',
      `passwords:\n  # one\n  - ${M}\n# two\n  - ${M}\nc: 1`,
    ],
    [
      'passwords:\n  - |\n    one\n\n      # two\n  - three\nc: 1',
      `passwords:\n  - ${M}\n    ${M}\n\n      ${M}\n  - ${M}\nc: 1`,
    ],
    ['passwords:\n  -\n    one\n  - "a: b"\n  - c\n', `passwords:\n  -\n    ${M}\n  - ${M}\n  - ${M}\n`],
    [
      'passwords:\n  - one\n    two\n  - "a\n    b"\n',
      `passwords:\n  - ${M}\n    ${M}\n  - ${M}\n    ${M}\n`,
    ],
    [
      'passwords:\n  - name: a\n    password: b\n  - c\nd: 1',
      `passwords:\n  - name: a\n    password: ${M}\n  - ${M}\nd: 1`,
    ],
    ['passwords: &all\n  - one\n', `passwords: ${M}\n  - ${M}\n`],
    ['passwords =\n  one\n  two\nb = 1', `passwords =\n  ${M}\n  ${M}\nb = 1`],
    ['password:\n  one\n  two\nb: 1', `password:\n  ${M}\n  ${M}\nb: 1`],
    ['password: one\n  two\nb: 1', `password: ${M}\n  ${M}\nb: 1`],
    ['- password: |\n    one\n  b: 1', `- password: ${M}\n    ${M}\n  b: 1`],
    ["passwords: [\"a]b\", 'c]d', it's, [e]]\nf: 1", `passwords: ${M}\nf: 1`],
    ['"passwords": ["a]\\"b", "c"], "d": 1', `"passwords": ${M}, "d": 1`],
    ['"{\\"passwords\\": [\\"a]b\\"], \\"c\\": 1}"', `"{\\"passwords\\": ${M}, \\"c\\": 1}"`],
    ['passwords: [a, # b]c\n  d]\ne: 1', `passwords: ${M}\n  ${M}\ne: 1`],
    ['passwords: [a, b', `passwords: ${M}`],
    ["password: 'it''s one'\nb: 1", `password: ${M}\nb: 1`],
    ["password: 'it''s one\n  two'\nb: 1", `password: ${M}\n  ${M}\nb: 1`],
    ["password='one\na='b'\nc=d", `password=${M}\na='b'\nc=d`],
    ['password="one\na: "/b"\nc: d', `password=${M}\na: "/b"\nc: d`],
    ["password='one\n# it's so\n", `password=${M}\n# it's so\n`],
    ['- api_keys:\n    - a\n  b: 1', `- api_keys:\n    - ${M}\n  b: 1`],
    ['passwords: [a, "b"]\nc: 1', `passwords: ${M}\nc: 1`],
    ['"passwords": [\n  "a",\n  "b"\n]', `"passwords": ${M}\n  ${M}\n  ${M}\n${M}`],
    [`${PEM[0]}\nMIIE-x\n  x+/=\n${PEM[1]}\nz`, `${PEM[0]}\n${M}\n  ${M}\n${PEM[1]}\nz`],
    [`"${PEM[0]}\\nMIIE\\n${PEM[1]}"`, `"${PEM[0]}${M}${PEM[1]}"`],
    [`${PEM[0]}\n${'MIIE'.repeat(16)}\nx`, `${PEM[0]}\n${M}\nx`],
    ['auth-token: jwt-8f3a', `auth-token: ${M}`],
  ])('%j is shown as %j', (text, shown) => expect(maskText(text)).toBe(shown));

  it.each([
    ...['passwd: files', 'token_ttl: 3600', 'proxy_pass http://backend;', 'aws_access_key_id = AKIA'],
    ...['ETCD_INITIAL_CLUSTER_TOKEN="prod-1"', 'ETCD_AUTH_TOKEN="simple"', 'auth-token: jwt,ttl=5m'],
    ...['spinning: 1', 'Pin: version 1.*', 'password:\n  next: 1', 'password:\nb', 'password=\nb=2'],
    ...['passwords:\n  - name: a', 'secrets:\n  - db_password', `grep '${PEM[0]}' x\ny`],
    ...["x 'password: ' y\nz 'a'", 'secret:\n  - a', 'secret:\n  # a'],
  ])('%j is shown as it is', (text) => expect(maskText(text)).toBe(text));
});

describe('a password in front of a host', () => {
  it.each([
    ...['https://me:%@mirror/x', 'redis://:%@queue', 'http://me:%@10.0.0.1:3128', '//me:%@[::1]:80/'],
    ...[
      'me:%@mirror',
      'me:%@mirror:3128',
      'me:%@mirror/x',
      'me:%@10.0.0.1',
      'me:%@[fd00::1]:22',
      'me:%@mirror.',
    ],
    ...['me:%@host:share/file', 'me:%@host:backup', 'rsync me:%@host:/srv x'],
    ...[
      'cannot reach me:%@mirror: refused',
      'PROXY="me:%@mirror"',
      '(me:%@mirror)',
      'me@example.org:%@smtp:25',
    ],
  ])('is masked: %s', (text) => {
    expect(maskText(text.replace('%', 'ge,heim1'))).toBe(text.replace('%', M));
  });

  it.each([
    ...['u@b:2222,v@c:22', 'b:2222,v@c', 'ssh -J a@b:22,c@d host', 'ssh://a@b:22'],
    ...['nginx:1.25@sha256:0123abcd', 'quay.io/coreos/etcd:v3.5.0@sha256:4567890', 'etcd:v3.5.0@sha256…'],
    ...['a:b@c:d', 'mailto:me@example.org', 'sip:me@example.org:5060'],
    ...['npm:pkg@1.2.3', 'npm:pkg@1.2.3-rc.1', 'npm:@scope/x@1.0', 'git@github.com:me/repo@v1'],
  ])('is not seen in %s', (text) => expect(maskText(text)).toBe(text));
});

it.each(["PASSWORD='ge heim'", "PASSWORD=ge'heim", 'PASSWORD="ge heim"'])(
  '%s is masked however often it is quoted',
  (text) => {
    const [once, twice] = [quote(`${text} x`), quote(quote(`${text} x`))];
    for (const [i, quoted] of [once, twice].entries()) {
      const masked = maskText(quoted);
      expect([i, masked, /ge|heim/.test(masked)]).toEqual([
        i,
        expect.stringMatching(/PASSWORD=\*{8} x'/),
        false,
      ]);
    }
  },
);

it('looks through a long line in the time of its length', () => {
  const long = [
    'a',
    'a_',
    'a-',
    '0f3c9',
    ' ',
    'pass',
    'sign',
    'encrypt_',
    '_token',
    'password ',
    'password:\n ',
    'password:[',
    'password:[#',
    'password: [ #',
    'password:["',
    "password:['",
    'password:[\\"',
    'password:["\n',
    'passwords:\n- a: b\n',
    'passwords:\n#\n',
    'passwords:\n \n',
    '- passwords:\n',
    'password: |\n  a\n',
    'passwords:\n- a\n',
    '  \n',
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN PRIVATE KEY-----\naaaaaaaaaaaaaaaaaaaaaa-',
    'password:"',
    "password='a\n",
    'password=\\"a\n',
    "password='\\''a",
    'me:a@host:',
    'a:b',
    'a:b@1.2-',
    '"',
    '\\',
  ];
  const work = [
    ...[oneLine, maskText, maskMessage, isPrivate, isSecret],
    (text: string) => maskBehindNames(text, 'ab'),
    (text: string) => maskWords([text]),
  ];
  for (const part of long)
    for (const [i, look] of work.entries()) {
      const text = `x${part.repeat(200_000 / part.length)}x`;
      const begun = performance.now();
      look(text);
      // Some milliseconds; the square of it would be many seconds.
      expect([part, i, performance.now() - begun < 1000]).toEqual([part, i, true]);
    }
});

it('the value of a token is masked in a diff and in the record, and hashed by scrypt in a plan', () => {
  const project = new Project(
    `
const site = role({
  name: 'site',
  description: 'a site',
  vars: { registry_token: { type: 'string', required: true }, token_ttl: { type: 'string', default: '3600 seconds' } },
  tasks: ({ vars }) => [file(dir + '/conf', { content: 'auth ' + vars.registry_token + ' for ' + vars.token_ttl + '\\n' })],
});
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [site] })] });
`,
    ['a'],
  );
  project.inventory(['a'], { registry_token: 'geheim-4711' });
  const { stdout } = project.run('--check', '--diff', '--plan-out', 'plan.json', '--output', 'json');
  const runs = join(project.dir, '.quorate/runs/inventory.yaml');
  const records = readdirSync(runs).map((name) => readFileSync(join(runs, name), 'utf8'));
  const all = [stdout, project.read('plan.json'), ...records].join('\n');
  expect(all).toContain('+auth ******** for 3600 seconds');
  expect(all).not.toContain('geheim');
  expect(JSON.parse(project.read('plan.json')).tasks[0].wanted).toMatch(/^scrypt:/);
});

it('a key without an end is not a reason to fail, however long it is', () => {
  expect(maskText(`-----BEGIN PRIVATE KEY-----\n${'abc\n'.repeat(2_500_000)}`)).toContain('BEGIN');
});

it('a date that is a secret is masked, as it is written and as it is shown', () => {
  keepNamedSecrets('db_password', momentOf('2031-01-02 03:04:05') as never);
  expect(redact('a 2031-01-02 03:04:05 b 2031-01-02T03:04:05')).not.toMatch(/2031/);
});
