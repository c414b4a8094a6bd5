import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playbook } from '../../../lib/cli/playbook.ts';
import { block, type TaskList } from '../../../lib/dsl/block.ts';
import { play } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { archive } from '../../../lib/resources/archive/index.ts';
import { authorizedKeys } from '../../../lib/resources/authorized-keys/index.ts';
import { certificate } from '../../../lib/resources/certificate.ts';
import { command } from '../../../lib/resources/command.ts';
import { cron } from '../../../lib/resources/cron.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { group } from '../../../lib/resources/group.ts';
import { hostname } from '../../../lib/resources/hostname.ts';
import { hostsEntry } from '../../../lib/resources/hosts-entry.ts';
import { line } from '../../../lib/resources/line.ts';
import { link } from '../../../lib/resources/link.ts';
import { mount } from '../../../lib/resources/mount/index.ts';
import { aptRepository, yumRepository } from '../../../lib/resources/package-repository/index.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { script } from '../../../lib/resources/script.ts';
import { service } from '../../../lib/resources/service/index.ts';
import { sudoers } from '../../../lib/resources/sudoers.ts';
import { sysctl } from '../../../lib/resources/sysctl.ts';
import { systemdUnit } from '../../../lib/resources/systemd-unit.ts';
import { textBlock } from '../../../lib/resources/text-block.ts';
import { timer } from '../../../lib/resources/timer.ts';
import { tree } from '../../../lib/resources/tree/index.ts';
import { user } from '../../../lib/resources/user/index.ts';
import { REPOSITORY_KEY } from './releases/signedRepository.ts';

const LAB_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh lab';

const ARMORED = '-----BEGIN PGP PUBLIC KEY BLOCK-----\nlab\n-----END PGP PUBLIC KEY BLOCK-----';

/** The same bytes each time. */
function packed(): string {
  const path = join(tmpdir(), `quorate-lab-${process.pid}.tar`);
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--mode=u=rwX,go=rX'];
  execFileSync('tar', ['-cf', path, ...same, '-C', import.meta.dirname, 'site']);
  process.on('exit', () => rmSync(path, { force: true }));
  return path;
}

/** A folder with bytes in it. */
function siteWithBytes(): string {
  const folder = join(tmpdir(), `quorate-lab-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(packed(), join(folder, 'bytes'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const UNIT = '[Service]\nExecStart=/bin/sleep 1000\n';

function units(): TaskList {
  const unit = systemdUnit('lab-unit.service', { content: UNIT });
  const limits = systemdUnit('lab-unit.service.d/limits.conf', { content: '[Service]\nLimitNOFILE=512\n' });
  const many = systemdUnit('lab-many@.service', { content: UNIT });
  return [
    unit,
    limits,
    many,
    absent('/etc/systemd/system/lab-many@.service.d/old.conf'),
    service('lab-many@one', { enabled: false, restartOn: [many] }),
    service('lab-unit', { enabled: false, restartOn: [unit, limits] }),
    timer('lab-tick', {
      calendar: 'daily',
      persistent: true,
      run: sh`printf '%s %s\n' "$((40 + 2))" ${"it's 100%"} >>/var/log/lab-tick`,
    }),
  ];
}

/** What the variable `lab_case` picks. */
const CASES: Readonly<Record<string, () => TaskList>> = {
  bare() {
    const owner = { owner: 'lab-web', group: 'lab-web' };
    return [
      group('lab-web'),
      user('lab-web', { system: true, group: 'lab-web', home: '/srv/lab/www' }),
      directory('/srv/lab/www/', { mode: '2755', ...owner }),
      file('/srv/lab/www/index.html', { content: '<h1>hello</h1>\n', mode: 'u=rw,g=r,o=', ...owner }),
      command('the page is counted', {
        run: sh`cksum </srv/lab/www/index.html >/srv/lab/sum`,
        unless: sh`[ -f /srv/lab/sum ] && [ "$(cksum </srv/lab/www/index.html)" = "$(cat /srv/lab/sum)" ]`,
      }),
    ];
  },
  plain: () => [
    line('/etc/lab.conf', { line: 'Port 2222', match: /^#?Port / }),
    textBlock('/etc/lab.conf', { name: 'ours', content: 'one\ntwo' }),
    hostsEntry('lab.internal', { address: '10.0.52.99', aliases: ['lab'] }),
    group('lab-staff'),
    user('lab-ann', { shell: '/bin/bash', groups: ['lab-staff', 'sudo'] }),
    group('lab-own'),
    user('lab-own', { system: true, home: '/srv' }),
    directory('/srv/lab-sites'),
    link('/srv/lab-sites/now', { to: '../lab-sites' }),
    user('lab-cap'),
    line('/home/lab-cap/.lab', { line: 'umask 077', create: true }),
    directory('/srv/lab-cap', { owner: 'lab-cap', group: 'lab-cap' }),
    directory('/srv/lab-cap/releases/1'),
    link('/srv/lab-cap/current', { to: 'releases/1' }),
    file('/srv/lab-cap/current/app.conf', { content: 'released\n' }),
    ...units(),
    systemdUnit('lab-off.service', { content: `${UNIT}[Install]\nWantedBy=multi-user.target\n` }),
    service('lab-off', { state: 'stopped', enabled: false }),
    sysctl('net.ipv4.tcp_rmem', { value: '4096 65536 4194304' }),
    directory('/etc/cron.d'),
    cron('lab-job', { schedule: '@daily', run: 'date +%F' }),
    yumRepository('lab', { baseurl: 'file:///srv/lab-rpm/$basearch', key: ARMORED }),
    user('lab-dev', { shell: '/bin/bash' }),
    authorizedKeys('lab-dev', { keys: LAB_KEY, exclusive: true }),
    sudoers('lab-dev', { rules: 'lab-dev ALL=(root) NOPASSWD: /usr/bin/true' }),
    tree('/srv/lab-tree', { source: './site', delete: true }),
    file('/srv/lab-tree/site.conf', {
      template: './site.conf.j2',
      values: { port: 8080, names: ['a', 'b'] },
      validate: (path) => sh`grep -q listen ${path}`,
    }),
    script('the page is counted', {
      source: './count.sh',
      args: ['bytes', '/srv/lab-tree/index.html'],
      creates: '/srv/lab-tree.count',
    }),
    archive('/opt/lab-archive', { source: packed(), creates: 'site/index.html', owner: 'games' }),
    hostname('lab-renamed'),
    mount('/mnt/lab data', { source: 'tmpfs', type: 'tmpfs', options: 'size=1m,noexec' }),
    mount('/mnt/lab data/srv', { source: '/srv', type: 'none', options: 'bind' }),
    directory('/etc/lab-tls'),
    certificate('/etc/lab-tls/cert.pem', { key: '/etc/lab-tls/key.pem', names: ['lab.example.org'] }),
  ],
  gone: () => [
    absent('/srv/lab-tree', { recursive: true }),
    absent('/opt/lab-archive', { recursive: true }),
    mount('/mnt/lab data/srv', { source: '/srv', state: 'absent' }),
    mount('/mnt/lab data', { source: 'tmpfs', state: 'absent' }),
    packages('lab-extra lab-site', { state: 'absent' }),
  ],
  sent() {
    const app = archive('/home/lab-sent/app', {
      source: packed(),
      creates: 'site/index.html',
      becomeUser: 'lab-sent',
    });
    const unit = systemdUnit('lab-sent.service', { content: UNIT });
    return [
      user('lab-sent', { shell: '/bin/bash' }),
      tree('/home/lab-sent/site', { source: siteWithBytes(), owner: 'lab-sent' }),
      file('/home/lab-sent/bytes', { source: packed(), becomeUser: 'lab-sent' }),
      app,
      unit,
      service('lab-sent', { enabled: false, restartOn: [app, unit] }),
      certificate('/home/lab-sent/cert.pem', {
        key: '/home/lab-sent/key.pem',
        names: ['lab.example.org'],
        becomeUser: 'lab-sent',
      }),
      mount('/srv/lab-volume', { source: '/srv/lab-disk', type: 'none', options: 'bind' }),
      command('the database is there', {
        run: sh`mkdir -p /srv/lab-volume/db && echo new >/srv/lab-volume/db/VERSION`,
        creates: '/srv/lab-volume/db/VERSION',
      }),
      directory('/srv/lab-volume', { mode: '0711' }),
      file('/srv/lab-volume/bytes', { source: packed() }),
    ];
  },
  refused: () => [sudoers('lab-bad', { rules: 'lab-dev ALL=(root) NOPASSWD: true' })],
  alias: () => [sudoers('lab-alias', { rules: 'User_Alias LAB = root' })],
  repository: () => [
    aptRepository('lab', { uris: 'file:/srv/lab-repo', suites: './', key: REPOSITORY_KEY }),
    packages('lab-site', { version: '1.0-1' }),
  ],
  packages: () => [packages('lab-site', { version: '1.1*' }), packages('lab-extra')],
  service() {
    const conf = file('/etc/lab-site.conf', { content: 'port 8080\n' });
    const words = file('/etc/lab-site.words', { content: 'words\n' });
    const on = link('/etc/lab-site.on', { to: 'lab-site.words' });
    const off = absent('/etc/lab-site.off');
    const site = packages('lab-site');
    return [
      ...[off, site, conf, words, on],
      service('lab-site', { restartOn: [conf, site], reloadOn: [words, on, off] }),
    ];
  },
  brought() {
    const conf = line('/etc/lab-site.conf', { line: 'user lab-brought' });
    return [
      packages('lab-site'),
      user('lab-brought', { system: true, shell: '/usr/sbin/nologin' }),
      directory('/srv/lab-brought', { owner: 'lab-brought', mode: '0750' }),
      file('/srv/lab-brought/readme', { content: 'hello\n', owner: 'lab-brought' }),
      conf,
      service('lab-site', { restartOn: [conf] }),
    ];
  },
  words: () => [
    command('as somebody else', {
      run: sh`id -un >/tmp/lab-words && echo "$GREETING $HOME" >>/tmp/lab-words`,
      unless: sh`[ "$(id -un)" = daemon ] && [ -s /tmp/lab-words ]`,
      becomeUser: 'daemon',
      environment: { GREETING: new Secret('guten-morgen') },
    }),
    command('it hangs', {
      run: sh`echo begins; echo guten-morgen; sleep 7771 & sleep 7772`,
      creates: '/nowhere',
      timeout: 2,
      ignoreErrors: true,
    }),
    block({
      title: 'the move',
      tasks: [
        file('/srv/lab-moved', { content: 'half\n' }),
        command('it breaks', { run: sh`exit 3`, creates: '/nowhere/else' }),
        file('/srv/lab-never', { content: '' }),
      ],
      rescue: [absent('/srv/lab-moved')],
      always: [file('/srv/lab-always', { content: '' })],
    }),
    command('it is ready', {
      // It has left the group that ends with the apply before the apply does.
      run: sh`setsid sh -c ': >/srv/lab-begun; sleep 1; : >/srv/lab-ready' >/dev/null 2>&1 &
until [ -e /srv/lab-begun ]; do sleep 0.1; done`,
      unless: sh`[ -e /srv/lab-ready ]`,
      retries: 10,
      delay: 0.5,
      after: [],
    }),
    command('control knows', {
      run: sh`echo here`,
      changedWhen: 'always',
      delegateTo: 'localhost',
    }),
    file('/srv/lab-elsewhere', { content: '', when: false }),
  ],
  left() {
    const owner = { owner: 'lab-left', group: 'lab-left' };
    const start =
      '[Service]\nUser=lab-left\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n';
    const unit = systemdUnit('lab-left.service', { content: start });
    const limits = systemdUnit('lab-left.service.d/limits.conf', { content: '[Service]\nLimitNOFILE=512\n' });
    return [
      group('lab-left'),
      user('lab-left', { system: true, group: 'lab-left', home: '/srv/left/www' }),
      directory('/srv/left/www', owner),
      file('/srv/left/www/index.html', { content: '<h1>left</h1>\n', ...owner }),
      file('/etc/left.mine', { content: 'ours\n' }),
      link('/srv/left/now', { to: 'www' }),
      line('/etc/left.conf', { line: 'one', create: true }),
      textBlock('/etc/left.conf', { name: 'left', content: 'two\nthree' }),
      hostsEntry('left.internal', { address: '10.0.52.98' }),
      packages('lab-extra'),
      authorizedKeys('root', { keys: `${LAB_KEY}-leaver` }),
      unit,
      limits,
      service('lab-left', { restartOn: [unit, limits] }),
      timer('left-tick', { calendar: 'daily', run: sh`:` }),
      sysctl('net.ipv4.tcp_wmem', { value: '4096 65536 4194304' }),
      directory('/etc/cron.d'),
      cron('left-job', { schedule: '@daily', run: 'true' }),
      group('lab-shared'),
      user('lab-shared', { system: true, group: 'lab-shared' }),
    ];
  },
  'by-alias': () => [service('lab-alias'), file('/var/run/lab-alias', { content: 'a\n' })],
  'by-name': () => [service('lab-aliased'), file('/run/lab-alias', { content: 'a\n' })],
  'left-less': () => [group('lab-shared'), file('/srv/left.note', { content: '', group: 'lab-shared' })],
  firewall: () => [
    firewall('web', {
      ports: [
        { port: 2379, sources: 'any' },
        { port: 2380, sources: ['10.0.52.14'] },
        { port: 53, protocol: 'udp', sources: ['10.0.52.0/24'] },
      ],
    }),
  ],
  killed: () => [
    file('/etc/killed.one', { content: 'one\n' }),
    command('it takes long', { run: sh`sleep 333`, creates: '/etc/killed.never' }),
    file('/etc/killed.two', { content: 'two\n' }),
  ],
  dies: () => [
    systemdUnit('lab-dies.service', { content: `${UNIT}User=lab-nobody\n` }),
    service('lab-dies', { enabled: false }),
  ],
  masked: () => [file('/etc/systemd/system/lab-masked.service', { content: UNIT, mode: '0644' })],
  'read-only': () => [file('/sys/kernel/lab', { content: '', mode: '0644' })],
  owner: () => [file('/srv/lab-owner', { content: '', mode: '0644', owner: 'lab-nobody' })],
};

await playbook(import.meta, {
  plays: [
    play({
      hosts: 'all',
      roles: [
        role({
          name: 'resources',
          description: 'What lab_case says.',
          vars: { lab_case: { type: 'string' } },
          tasks: ({ vars }) => CASES[vars.lab_case]?.() ?? [],
        }),
      ],
    }),
  ],
});
