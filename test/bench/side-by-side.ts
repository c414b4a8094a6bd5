import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Outcome } from '../lab/support/host/process.ts';
import { type Lab, startLab } from '../lab/support/lab.ts';
import { CHECKOUT, cacheDir } from '../lab/support/paths.ts';
import { offerPackages } from '../lab/support/releases/debPackages.ts';
import { peerProgram } from './venv.ts';

const FOLDER = join(CHECKOUT, 'test/bench/side-by-side');
const HOST = 'web01';

/** One role for one host, in the words of one tool. */
interface Side {
  readonly title: string;
  /** Where its files are, in `side-by-side`. */
  readonly folder: string;
  /** What the host has besides nginx, so that the tool can work. */
  readonly needs: readonly string[];
  /** Command line for a run, and what makes a check of it. */
  line(inventory: string): readonly string[];
  readonly check: readonly string[];
  readonly run: readonly string[];
  inventory(lab: Lab): readonly [name: string, text: string];
  /** What its summary counts. */
  counts(outcome: Outcome): string;
}

const SIDES: readonly Side[] = [
  {
    title: 'Quorate',
    folder: 'quorate',
    needs: [],
    line: (inventory) => ['node', '--import', 'tsx', join(FOLDER, 'quorate/site.ts'), '-i', inventory],
    check: ['--check'],
    run: [],
    inventory: ansibleInventory,
    counts: ({ stdout }) => recap(stdout, ['changed', 'unknown', 'failed']),
  },
  {
    title: 'Ansible',
    folder: 'ansible',
    needs: ['python3-apt'],
    line: (inventory) => [peerProgram('ansible-playbook'), '-i', inventory, 'site.yml'],
    check: ['--check'],
    run: [],
    inventory: ansibleInventory,
    counts: ({ stdout }) => recap(stdout, ['changed', 'skipped', 'failed']),
  },
  {
    title: 'pyinfra',
    folder: 'pyinfra',
    needs: [],
    line: (inventory) => [peerProgram('pyinfra'), inventory, 'deploy.py'],
    check: ['--dry'],
    run: ['-y'],
    inventory: pyinfraInventory,
    counts: ({ stderr }) => operations(stderr),
  },
];

/**
 * The same role by each tool. On a bare host: check, run, check, run. On another one that lets nothing be written in
 * `/proc/sys` until the first run has failed: run, run, and whether nginx serves the site. Gives what each said, as a
 * table; what it printed goes into a folder. Throws when they do not end with the same state.
 */
export async function compareSides(log: (line: string) => void): Promise<string> {
  const output = join(cacheDir(), 'bench', 'side-by-side');
  mkdirSync(output, { recursive: true });
  const rows: string[] = [];
  const states = new Map<string, string>();
  const lab = await startLab({ name: 'sidebyside', hosts: 1 });
  const host = lab.hosts[0]!.name;
  try {
    for (const side of SIDES) {
      const tell = async (words: readonly string[], what: string) => {
        const { outcome, said } = await carryOut(lab, side, words);
        log(`${side.title}, ${what}: ${said}`);
        const file = `${side.folder}-${what.replaceAll(/\W+/g, '-')}.txt`;
        writeFileSync(join(output, file), `${outcome.stdout}\n${outcome.stderr}`);
        return said;
      };
      await bare(lab, host, side);
      await lab.ssh(host, WRITABLE);
      const cells = [
        await tell(side.check, 'check, bare host'),
        await tell(side.run, 'run'),
        await tell(side.check, 'check, done'),
        await tell(side.run, 'run again'),
      ];
      states.set(side.title, (await lab.ssh(host, STATE)).stdout);
      await bare(lab, host, side);
      await tell(side.run, 'broken');
      await lab.ssh(host, WRITABLE);
      const mended = await tell(side.run, 'mended');
      const { stdout } = await lab.ssh(host, 'curl -s http://localhost/');
      const served = stdout.includes('<h1>web01</h1>') ? 'served' : '**not served**';
      rows.push(`| ${[side.title, ...cells, `${mended}; ${served}`].join(' | ')} |`);
    }
  } finally {
    await lab.stop();
  }
  for (const [title, state] of states) writeFileSync(join(output, `${title}-state.txt`), state);
  if (new Set(states.values()).size !== 1)
    throw new Error(`They did not end with the same state: see ${output}\n${rows.join('\n')}`);
  return [
    '| | check, bare host | run | check, done | run again | a run that broke, run again: the site |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

async function bare(lab: Lab, host: string, { needs }: Side): Promise<void> {
  await lab.reset();
  await offerPackages(lab, host, ['nginx', 'python3-apt']);
  for (const name of needs) await lab.ssh(host, `apt-get -qq update; apt-get -qq install -y ${name}`);
}

/** In hosts of the lab it is not, to begin with. */
const WRITABLE =
  'mkdir /run/proc && mount -t proc proc /run/proc && mount --bind /run/proc/sys/net /proc/sys/net';

async function carryOut(lab: Lab, side: Side, words: readonly string[]) {
  const [name, text] = side.inventory(lab);
  const inventory = join(lab.stateDir, name);
  writeFileSync(inventory, text);
  const [command = '', ...args] = side.line(inventory);
  const outcome = await lab.run(command, [...args, ...words], {
    cwd: side.title === 'Quorate' ? CHECKOUT : join(FOLDER, side.folder),
    env: { ANSIBLE_HOME: join(lab.stateDir, 'ansible'), PYTHONDONTWRITEBYTECODE: '1' },
  });
  return { outcome, said: `${side.counts(outcome)}${outcome.code === 0 ? '' : `; exit ${outcome.code}`}` };
}

/** What the role is for; not who made it, nor in which spelling. */
const STATE = `dpkg-query -W -f '\${Status}\n' nginx; getent passwd site | cut -d: -f1,5-
stat -c '%n %F %a %U' /srv/site /srv/site/* /srv/site/.ssh /srv/site/.ssh/* /etc/site.token /etc/nginx/conf.d/* /etc/systemd/system/site-backup.*
ls /etc/nginx/sites-enabled
cat /srv/site/index.html /etc/nginx/conf.d/site.conf /etc/site.token /proc/sys/net/ipv4/tcp_fin_timeout
grep -h . /srv/site/.ssh/authorized_keys; grep -hE '^[A-Z]' /etc/systemd/system/site-backup.*
grep -ho 'tcp_fin_timeout.*' /etc/sysctl.d/*tcp_fin_timeout.conf | tr -d ' '
systemctl is-active nginx site-backup.timer; systemctl is-enabled nginx site-backup.timer; curl -s http://localhost/`;

/** What an inventory gives the role. */
const VARS = {
  site_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKFsUqnB2fC2WgnWPW9LPLM5ouWLxO8GdDOuLGFHQ5cT publisher',
  site_token: 'a-token-for-the-lab',
};

function ansibleInventory(lab: Lab): readonly [string, string] {
  const host = {
    ansible_host: lab.hosts[0]!.address,
    ansible_user: 'root',
    ansible_ssh_private_key_file: lab.keyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsFile}`,
    ...VARS,
  };
  return ['web.yaml', stringify({ web: { hosts: { [HOST]: host } } }, { lineWidth: 0 })];
}

function pyinfraInventory(lab: Lab): readonly [string, string] {
  const host = {
    ssh_hostname: lab.hosts[0]!.address,
    ssh_user: 'root',
    ssh_key: lab.keyFile,
    ssh_known_hosts_file: lab.knownHostsFile,
    ...VARS,
  };
  return ['web.py', `web = [(${JSON.stringify(HOST)}, ${JSON.stringify(host)})]\n`];
}

/** Of the line of the host, without what there is none of. */
function recap(text: string, names: readonly string[]): string {
  const line = text.split(/recap/i).at(-1) ?? '';
  const counted = names.map((name) => [Number(new RegExp(`${name}=(\\d+)`).exec(line)?.[1]), name] as const);
  return said(counted);
}

/** pyinfra counts no tasks: it lists what it would do, and tells of each operation as it goes. */
function operations(text: string): string {
  const listed = text.split('Conditional Change')[1];
  if (listed === undefined) {
    const of = (what: string) => text.split(`] ${what}`).length - 1;
    return said([
      [of('Success'), 'changed'],
      [of('Error'), 'failed'],
    ]);
  }
  const rows = listed.split('\n').filter((line) => line.includes('(web01)'));
  const sure = rows.filter((line) => !/ - +1 \(/.test(line)).length;
  return said([
    [sure, 'changed'],
    [rows.length - sure, 'conditional'],
  ]);
}

function said(counted: readonly (readonly [number, string])[]): string {
  const [first, ...others] = counted;
  return [first, ...others.filter(([count]) => count > 0)].map((one) => one?.join(' ')).join(', ');
}
