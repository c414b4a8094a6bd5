import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl, leaderOf } from '../support/etcdctl.ts';
import type { Outcome } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { ROOT } from '../support/playbook.ts';

/** What comes before and after one line of the handbook. */
interface Scene {
  /** How the line ends; 0. */
  readonly code?: number;
  /** What it prints. */
  readonly says?: RegExp;
  /** Makes what the line is for. */
  readonly before?: (stage: Stage) => unknown;
  /** What stands in the line as an example, and what it is here. */
  readonly here?: (
    stage: Stage,
  ) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
}

const TRIO = ['etcd01', 'etcd02', 'etcd03'];
const SNAPSHOT = 'prod-20261127T101500Z-r1234.db';

/** There is no S3 in the lab: `stores/s3.test.ts` has one. */
const ELSEWHERE = /s3:\/\//;

/** By the line without `npx tsx playbooks/`, `.ts` and the inventory, in the order of the handbook. */
const SCENES: readonly (readonly [line: string, scene: Scene])[] = [
  ['doctor', { says: /nothing is wrong|healthy/ }],
  ['backup', {}],
  ['backup --to /srv/backups', {}],
  ['backup --to sftp://backup@vault/srv/etcd', {}],
  ['backup --list', { says: /prod-\d+T\d+Z-r\d+\.db/ }],
  ['backup --drill', { says: /RPO/ }],
  ['backup --list', { says: /prod-\d+T\d+Z-r\d+\.db/ }],
  [
    `restore --from ${SNAPSHOT} --check`,
    {
      here: async ({ lab }) => {
        const held = await Promise.all(lab.hosts.map(({ name }) => lab.ssh(name, 'ls /var/backups/etcd')));
        return { [SNAPSHOT]: firstOf(held.flatMap(({ stdout }) => stdout.split('\n'))) };
      },
    },
  ],
  [
    `restore --from /srv/backups/${SNAPSHOT}`,
    {
      here: ({ copies }) => ({ [SNAPSHOT]: firstOf(readdirSync(copies)) }),
    },
  ],
  [
    `restore --from sftp://backup@vault/srv/etcd/${SNAPSHOT}`,
    {
      here: async ({ lab }) => ({
        [SNAPSHOT]: firstOf((await lab.ssh('etcd05', 'ls /srv/etcd')).stdout.split('\n')),
      }),
    },
  ],
  ['recover --check', { before: ({ lab }) => lab.reset('etcd02', 'etcd03'), says: /etcd01/ }],
  ['recover --from etcd01', {}],
  [
    'recover --from etcd01 --lost etcd03',
    {
      before: async ({ lab }) => {
        await lab.reset('etcd02');
        await lab.ssh('etcd03', 'systemctl disable --now etcd');
      },
    },
  ],
  ['members --check', { before: ({ members }) => members(...TRIO, 'etcd04', 'etcd05'), says: /\+ +etcd04/ }],
  ['members', {}],
  ['members --remove etcd04,etcd05', {}],
  [
    'members --replace etcd02',
    {
      before: ({ members, lab }) => {
        members(...TRIO);
        return lab.reset('etcd02');
      },
    },
  ],
  ['certs', { says: /etcd03/ }],
  ['certs --renew', {}],
  ['certs --renew etcd02', {}],
  ['certs --renew --all', {}],
  ['certs --client patroni', {}],
  ['certs --revoke patroni', {}],
  ['certs --csr out/', { before: ({ set }) => set({ etcd_extra_sans: ['lb.example'] }) }],
  ['certs --import in/', { before: ({ sign }) => sign('PKI/ca.pem', 'PKI/ca-key.pem') }],
  [
    'certs --crl crl.pem',
    { before: ({ openssl }) => openssl('crl -inform der -in PKI/crl.der -out crl.pem') },
  ],
  ['certs --rotate-ca', {}],
  ['certs --rotate-ca --clients-ready', {}],
  ['certs --rotate-ca', { before: ({ company }) => company() }],
  ['certs --csr out/', {}],
  ['certs --import in/', { before: ({ sign }) => sign('company.pem', 'company.key') }],
  ['certs --rotate-ca --clients-ready', {}],
  ['upgrade --check', { before: ({ set }) => set({ etcd_version: '3.5.30' }) }],
  ['upgrade -e etcd_version=3.7.3 --via 3.5.33,3.6.16', { here: () => ({ '3.5.33': '3.5.30' }) }],
  ['upgrade -e etcd_version=3.6.16 --downgrade', {}],
  [
    'upgrade --cancel',
    {
      before: ({ set, ctl }) => {
        set({ etcd_version: '3.6.16' });
        return ctl('downgrade enable 3.5.0');
      },
    },
  ],
  ['etcdctl -- endpoint status --cluster -w table', { says: /3\.6\.16/ }],
  ['etcdctl -l etcd02 -- endpoint hashkv', {}],
  ["etcdctl -- get '' --prefix --keys-only --limit 10", {}],
  ['etcdctl --check -- put /greeting hello', {}],
  [
    'etcdctl --message "asked for by Ann" -- put /greeting <hello.txt',
    {
      before: ({ folder }) => writeFileSync(join(folder, 'hello.txt'), 'hello'),
      says: /OK/,
    },
  ],
  ['etcdctl -- get /greeting --print-value-only >greeting.txt', {}],
  [
    'etcdctl -l etcd01 -- move-leader 8e9e05c52164694d',
    {
      before: async ({ lab, ctl, idOf }) => {
        const leader = await leaderOf(lab, TRIO);
        if (leader !== 'etcd01') await ctl(`move-leader ${await idOf('etcd01')}`, leader);
      },
      here: async ({ idOf }) => ({ '8e9e05c52164694d': await idOf('etcd02') }),
    },
  ],
  ['etcdctl -- watch /greeting', { code: 124 }],
  ['lock --show', { says: /free|nobody/ }],
  ['lock --hold "disk swap on etcd02"', {}],
  ['lock --release', {}],
];

/** A person with the handbook, a terminal, and an inventory of theirs. */
class Stage {
  readonly lab: Lab;
  readonly folder: string;
  readonly copies: string;
  readonly #whole: ReturnType<typeof parse>;
  #names: readonly string[] = TRIO;

  constructor(lab: Lab) {
    this.lab = lab;
    this.folder = join(lab.stateDir, 'handbook');
    this.copies = join(lab.stateDir, 'copies');
    this.#whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    mkdirSync(join(this.folder, 'inventory'), { recursive: true });
    for (const name of ['playbooks', 'node_modules', 'package.json', 'tsconfig.json'])
      symlinkSync(join(ROOT, name), join(this.folder, name));
  }

  readonly set = (vars: Readonly<Record<string, unknown>>) => {
    Object.assign(this.#whole.etcd.vars, vars);
    this.members(...this.#names);
  };

  readonly members = (...names: readonly string[]) => {
    this.#names = names;
    const { etcd } = this.#whole;
    const hosts = Object.fromEntries(names.map((name) => [name, etcd.hosts[name]]));
    writeFileSync(join(this.folder, 'inventory/prod.yaml'), stringify({ etcd: { ...etcd, hosts } }));
  };

  /** On one of the hosts, with a member's certificate. */
  readonly ctl = async (words: string, host = 'etcd01') => {
    const asked = this.lab.hosts.filter(({ name }) => name === host);
    const { code, stdout, stderr } = await this.lab.ssh(host, `${etcdctl(asked)}; ctl ${words}`);
    if (code !== 0) throw new Error(`etcdctl ${words}: ${stderr}`);
    return stdout;
  };

  readonly idOf = async (host: string) =>
    new RegExp(`^([0-9a-f]+), started, ${host},`, 'm').exec(await this.ctl('member list'))?.[1] ?? '';

  readonly openssl = (words: string) => this.#shell(`openssl ${words}`);

  /** As the department that has the key does it. */
  readonly sign = (ca: string, key: string) =>
    this.#shell(`rm -rf in; mkdir in; cp ${ca} in/ca.pem
printf 'extendedKeyUsage=serverAuth,clientAuth\n' >leaf.ext
for csr in out/*.csr; do openssl x509 -req -in "$csr" -CA ${ca} -CAkey ${key} -CAcreateserial -days 900 \
-copy_extensions copy -extfile leaf.ext -out "in/$(basename "$csr" .csr).crt"; done`);

  /** A company's CA is to come. */
  readonly company = () =>
    this.#shell(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=company -days 999 \
-keyout company.key -out company.pem
rm -rf out; mkdir -p PKI/next; cp company.pem PKI/next/ca.pem`);

  /** `PKI` stands for the files of the cluster. */
  #shell(script: string): void {
    const whole = script.replaceAll('PKI', 'inventory/.quorate/prod/pki');
    execFileSync('sh', ['-ec', whole], { cwd: this.folder, stdio: 'pipe' });
  }

  /** Types a line at a terminal, and says yes. */
  async type(line: string, here: Readonly<Record<string, string>>, isEndless: boolean): Promise<Outcome> {
    const vault = this.lab.hosts.find(({ name }) => name === 'etcd05')?.address;
    const meant = Object.entries({ 'backup@vault': `root@${vault}`, '/srv/backups': this.copies, ...here });
    const typed = meant.reduce((text, [example, one]) => text.replace(example, one), line);
    const home = join(this.lab.stateDir, 'home');
    const ended = isEndless ? `timeout --foreground 10 ${typed}` : typed;
    return this.lab.run('script', ['--quiet', '--return', '--command', ended, '/dev/null'], {
      cwd: this.folder,
      env: { HOME: home, TERM: 'dumb' },
      input: 'y\n',
      timeoutMs: 400_000,
    });
  }
}

function firstOf(names: readonly string[]): string {
  return names.filter((name) => name.endsWith('.db')).sort()[0] ?? 'none';
}

/** Lines of shell of the handbook, in its order. The block of a cluster made by hand is about another one. */
function linesOf(page: string): readonly string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.includes('hand.db') ? [] : block.trim().split('\n'),
  );
}

function wordsOf(line: string): string {
  return line.replace(/^npx tsx playbooks\/(\w+)\.ts -i inventory\/prod\.yaml/, '$1');
}

const LINES = linesOf(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')).filter(
  (line) => !ELSEWHERE.test(line),
);

it('each command of the handbook has a scene', () => {
  expect(LINES.map(wordsOf)).toEqual(SCENES.map(([line]) => line));
});

describeLab('the handbook of operations', () => {
  let lab: Lab | undefined;
  afterAll(() => lab?.stop());

  itLong('HANDBOOK')(
    'is carried out from its first line to its last, word for word',
    { timeout: 1_500_000 },
    async () => {
      lab = await startLab({ name: 'handbook', hosts: 5 });
      const stage = await found(lab);
      for (const [i, line] of LINES.entries()) {
        const { before, here, code: wanted = 0, says = /./ } = SCENES[i]?.[1] ?? {};
        const began = performance.now();
        await before?.(stage);
        const { code, stdout } = await stage.type(line, (await here?.(stage)) ?? {}, wanted === 124);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        console.log(`${code} ${line}; ${seconds} s`);
        // What comes after a line that failed would tell of that one only.
        expect([line, code, stdout]).toEqual([
          line,
          wanted,
          expect.stringMatching(stdout === '' ? /^$/ : says),
        ]);
      }
    },
  );
});

/** A cluster of three of the five hosts, on the oldest version that the handbook goes up from. */
async function found(lab: Lab): Promise<Stage> {
  const stage = new Stage(lab);
  const home = join(lab.stateDir, 'home/.ssh');
  mkdirSync(home, { recursive: true });
  const known = `IdentityFile ${lab.keyFile}\nUserKnownHostsFile ${lab.knownHostsFile}\n`;
  writeFileSync(join(home, 'config'), known, { mode: 0o600 });
  stage.set({ etcd_version: '3.4.23' });
  const { code, stdout } = await stage.type('npx tsx playbooks/site.ts -i inventory/prod.yaml', {}, false);
  expect([code, stdout]).toEqual([0, expect.stringContaining('etcd03')]);
  return stage;
}
