import { expect, it } from 'vitest';
import { maskWords } from '../../lib/secret-words.ts';

const M = '********';

it.each<[string, readonly string[], string, readonly string[]]>([
  ['the value of a flag', ['x', '--password', 'geheim', 'y'], `x --password ${M} y`, ['geheim']],
  ['after an equals sign', ['x', '--api-key=geheim'], `x --api-key=${M}`, ['geheim']],
  ['after the name of a user', ['curl', '-u', 'root:geheim'], `curl -u root:${M}`, ['geheim']],
  ['glued to -p', ['mysql', '-pgeheim'], `mysql -p${M}`, ['geheim']],
  ['a variable', ['env', 'PGPASSWORD=geheim', 'psql'], `env PGPASSWORD=${M} psql`, ['geheim']],
  ['a URL', ['curl', 'https://me:geheim@mirror/x'], `curl https://me:${M}@mirror/x`, ['geheim']],
  [
    'a header',
    ['curl', '-H', 'Authorization: Bearer geheim'],
    `curl -H Authorization: Bearer ${M}`,
    ['geheim'],
  ],
  [
    'after -p',
    ['sshpass', '-p', 'geheim', 'ssh', '-p', '2222', 'x'],
    `sshpass -p ${M} ssh -p 2222 x`,
    ['geheim'],
  ],
  ['after -a', ['redis-cli', '-a', 'geheim', 'ping'], `redis-cli -a ${M} ping`, ['geheim']],
  ['glued to -u', ['curl', '-sS', '-ume:geheim', 'x'], `curl -sS -ume:${M} x`, ['geheim']],
  ['after a quoted ;', ["mysql -e 'x; y' -pgeheim"], `mysql -e 'x; y' -p${M}`, ['geheim']],
  ['after a word with ;', ['mysql', '-e', 'x; y', '-pgeheim'], `mysql -e x; y -p${M}`, ['geheim']],
  ['after SQL', ['mysql', '-e', 'status;', '-pgeheim'], `mysql -e status; -p${M}`, ['geheim']],
  ['after 2>&1', ['mysql x 2>&1 -pgeheim'], `mysql x 2>&1 -p${M}`, ['geheim']],
  ['after a URL', ['curl', 'x?a&b', '-u', 'me:geheim'], `curl x?a&b -u me:${M}`, ['geheim']],
  ['of a public thing', ['x', '--public-db-password', 'geheim'], `x --public-db-password ${M}`, ['geheim']],
  [
    'after a prompt',
    ['sshpass', '-P', 'assword', '-pgeheim', 'ssh', 'h'],
    `sshpass -P assword -p${M} ssh h`,
    ['geheim'],
  ],
  [
    'after a prompt in a line',
    ['sshpass -P mysql -pgeheim ssh -pX'],
    `sshpass -P mysql -p${M} ssh -pX`,
    ['geheim'],
  ],
  ['in a line for a shell', ["x --password 'a b' | y"], `x --password ${M} | y`, ['a b']],
  ['in a line that is a word', ['sh', '-c', 'mysql -pgeheim; id'], `sh -c mysql -p${M} id`, ['geheim']],
])('masks a password: %s', (_where, words, told, secrets) => {
  expect(maskWords(words)).toEqual({ words: expect.anything(), secrets });
  expect(maskWords(words).words.join(' ')).toBe(told);
});

it.each([
  [['systemctl', 'is-active', 'nginx']],
  [['find', '/', '-path', '/x', '-print0', '-perm', '0600']],
  [['mkdir', '-p', '/srv/x']],
  [['ssh', '-p22', 'host']],
  [['docker', 'run', '-u', '1000:1000', 'x']],
  [['docker', 'run', '-p8080:80', 'x']],
  [['mkdir', '-pv', '/srv/x']],
  [['cp -pr a b && tar -pxzf x.tgz; ss -plnt']],
  [['rsync', '-u', 'db1:/srv/data', '/x']],
  [['date', '-u', '+%H:%M']],
  [
    [
      'login',
      '--password-stdin',
      '--token-file',
      '/etc/token',
      '--key',
      '/etc/key.pem',
      '--no-password',
      'x',
    ],
  ],
  [["df -h /  | awk '{ print $2 }'"]],
  [['mysql x; cp -pr a b | mysql && tar -pxzf x.tgz; ss -plnt']],
  [['mysql x\ncp -pr a b']],
  [['mysql', ';', 'cp', '-pr', 'a']],
  [['curl -s x | docker run -u 1:a x']],
  [['', "it's", '-', '--']],
])('leaves what is none as it is: %j', (words) => {
  expect(maskWords(words)).toEqual({ words, secrets: [] });
});
