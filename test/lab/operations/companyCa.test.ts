import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, clientProblems, describeClient, startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { sleep } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { type Outcome, runPlaybook, stepsOf } from '../support/playbook.ts';
import { type Strike, strikeEach } from '../support/strikeEach.ts';
import { trustedCas } from '../support/trustedCas.ts';

/** One long sequence: a cluster lives under a CA whose key is never on the machine that sets it up. */
describeLab('the CA of a company', () => {
  let lab: Lab;
  const company = mkdtempSync(join(tmpdir(), 'company-ca-'));
  const at = (name: string) => join(company, name);
  beforeAll(async () => {
    lab = await startLab({ name: 'companyca' });
    const ec = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
    const script = `openssl req -x509 ${ec} -subj /CN=company -days 999 -keyout root.key -out root.pem
openssl req -x509 ${ec} -subj /CN=company-2 -days 999 -keyout root2.key -out root2.pem
printf 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n' >ca.ext
printf 'extendedKeyUsage=serverAuth,clientAuth\n' >leaf.ext
for ca in middle:root later:root other:root2; do
  name=\${ca%:*}; root=\${ca#*:}
  openssl req ${ec} -subj /CN=etcd-$name -keyout $name.key -out $name.csr
  openssl x509 -req -in $name.csr -CA $root.pem -CAkey $root.key -CAcreateserial -days 998 -extfile ca.ext -out $name.pem
  cat $name.pem $root.pem >$name-chain.pem
done
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n' >ca.cnf
: >index; echo 01 >number`;
    execFileSync('sh', ['-ec', script], { cwd: company, stdio: 'pipe' });
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(company, { recursive: true, force: true });
  });

  const certs = (...args: string[]) => runPlaybook(lab, args, { playbook: 'certs' });
  const pki = (...path: string[]) => join(dirname(lab.inventoryFile), '.quorate/inventory/pki', ...path);
  const steps = ({ text }: Outcome) =>
    text.split('\n').filter((line) => line.includes('"status":"done"')).length;
  /** Signs what lies in one folder into another one, with the chain beside. */
  const sign = (from: string, to: string, ca = 'middle') => {
    const each = `mkdir -p ${to}; cp ${ca}-chain.pem ${to}/chain.pem
for csr in ${from}/*.csr; do openssl x509 -req -in "$csr" -CA ${ca}.pem -CAkey ${ca}.key -CAcreateserial -days 90 \
-copy_extensions copy -extfile leaf.ext -out "${to}/$(basename "$csr" .csr).crt"; done`;
    execFileSync('sh', ['-ec', each], { cwd: company, stdio: 'pipe' });
  };
  const pids = () =>
    Promise.all(
      lab.hosts.map(
        async ({ name }) => (await lab.ssh(name, 'systemctl show -p MainPID --value etcd')).stdout,
      ),
    );

  it('signs for a cluster that is not there yet, which then comes up under it', async () => {
    const check = await certs('--csr', at('out'), '--check');
    expect([check.code, existsSync(at('out'))]).toEqual([0, false]);
    const asked = await certs('--csr', at('out'));
    expect(asked.code).toBe(0);
    expect(asked.text).toContain('7 signing requests');
    expect(readdirSync(at('out'))).toHaveLength(7);
    sign('out', 'in');
    const taken = await certs('--import', at('in'));
    expect(taken.code).toBe(0);
    expect((await runPlaybook(lab)).code).toBe(0);
    expect(existsSync(pki('ca-key.pem'))).toBe(false);
    const again = await runPlaybook(lab);
    expect([again.code, again.changed]).toEqual([0, []]);
  });

  it('signs anew for one host: it is installed without a restart', async () => {
    const before = await pids();
    expect((await certs('--csr', at('out2'), 'etcd02')).code).toBe(0);
    expect(readdirSync(at('out2')).sort()).toEqual(['etcd02-peer.csr', 'etcd02-server.csr']);
    sign('out2', 'in2');
    const taken = await certs('--import', at('in2'));
    expect([taken.code, await pids()]).toEqual([0, before]);
    const leaf = readFileSync(at('in2/etcd02-server.crt'), 'utf8').trim();
    expect((await lab.ssh('etcd02', 'cat /opt/etcd/ssl/server.pem')).stdout).toContain(leaf);
    const again = await certs('--import', at('in2'));
    expect(again.text).not.toContain('"status":"done"');
    expect((await runPlaybook(lab)).changed).toEqual([]);
  });

  /** A client had all that it is promised, with a connection of its own for each write and read. */
  const served = async (what: string, client: Client) => {
    const report = await client.stop();
    console.log(`${what}: ${describeClient(report)}`);
    expect(clientProblems(report)).toEqual([]);
  };
  const request = (out: string, back: string, ...args: string[]) => {
    rmSync(at(out), { recursive: true, force: true });
    return certs('--csr', at(out), ...args).then(({ code }) => {
      expect(code).toBe(0);
      sign(out, back, signer);
      return certs('--import', at(back));
    });
  };
  let signer = 'middle';

  it('signs by another intermediate under its root: no other CA, no restart, no handshake refused', async () => {
    expect((await request('out4', 'in4', '--client', 'app')).code).toBe(0);
    const [ca, before] = [readFileSync(pki('ca.pem'), 'utf8'), await pids()];
    const client = startClient(lab, { bundle: 'app' });
    await client.working;
    signer = 'later';
    const taken = await request('out5', 'in5', 'etcd01', 'etcd02', 'app');
    expect([taken.code, taken.errors, await pids()]).toEqual([0, [], before]);
    await served('import', client);
    const now = startClient(lab, { bundle: 'app' });
    await now.working;
    await served('a certificate of the other intermediate', now);
    expect(readFileSync(pki('ca.pem'), 'utf8')).toBe(ca);
    expect((await runPlaybook(lab)).changed).toEqual([]);
  });

  const put = async (name: string) => {
    const [ca, cert, key] = ['ca', name, `${name}-key`].map((file) =>
      readFileSync(
        existsSync(pki('clients', name)) ? pki('clients', name, `${file}.pem`) : at(`${file}.kept`),
      ),
    );
    const script = `umask 077; mkdir -p /root/${name} && cd /root/${name} || exit
printf %s '${ca}' >ca.pem; printf %s '${cert}' >${name}.pem; printf %s '${key}' >${name}-key.pem
/opt/etcd/bin/etcdctl --endpoints=https://${lab.hosts[2]?.address}:2379 --cacert=ca.pem --cert=${name}.pem --key=${name}-key.pem --command-timeout=3s put a b`;
    return (await lab.ssh('etcd01', script)).code;
  };
  /** The list of the CA that signs for clients now. */
  const list = (file: string, ...args: string[]) => {
    const ca = `openssl ca -batch -config ca.cnf -cert ${signer}.pem -keyfile ${signer}.key`;
    execFileSync(
      'sh',
      [
        '-ec',
        [...args.map((one) => `${ca} -revoke ${one}`), `${ca} -gencrl -crlsec 40 -out ${file}`].join('\n'),
      ],
      { cwd: company, stdio: 'pipe' },
    );
    return at(file);
  };

  itLong('KILLS')(
    'revokes a client by its list, which members go by whatever it says of its end',
    async () => {
      expect((await request('out6', 'in6', '--client', 'gone')).code).toBe(0);
      for (const file of ['ca', 'gone', 'gone-key'])
        writeFileSync(at(`${file}.kept`), readFileSync(pki('clients/gone', `${file}.pem`)));
      expect(await put('gone')).toBe(0);
      const refused = await certs('--revoke', 'gone', '-y');
      expect([refused.code, refused.errors[0]?.hint]).toEqual([
        3,
        expect.stringMatching(/revoke serial [0-9a-f]+, .*--crl FILE/),
      ]);
      const older = list('older.pem');
      const made = Date.now();
      const newer = list('newer.pem', 'in6/client-gone.crt');
      const first = await certs('--crl', newer, '-y');
      expect([first.code, first.errors, steps(first)]).toEqual([0, [], 7]);
      expect([await put('gone'), await put('app')]).toEqual([1, 0]);
      expect((await certs('--crl', older, '-y')).code).toBe(5);
      const aside = await certs('--revoke', 'gone', '-y');
      expect([aside.code, aside.errors, existsSync(pki('clients/gone'))]).toEqual([0, [], false]);
      expect((await runPlaybook(lab)).changed).toEqual([]);
      await sleep(Math.max(0, made + 41_000 - Date.now()));
      expect([await put('gone'), await put('app')]).toEqual([1, 0]);
      const status = await runPlaybook(lab, [], { playbook: 'status' });
      expect([status.code, status.text]).toEqual([
        0,
        expect.stringMatching(/the list of revoked certificates on etcd01, etcd02, etcd03 ended/),
      ]);
      const before = await pids();
      const second = await certs('--crl', list('newest.pem'), '-y');
      expect([second.code, steps(second), await pids()]).toEqual([0, 4, before]);
    },
    300_000,
  );

  const trusted = () => trustedCas(lab);

  itLong('KILLS')(
    'gives way to a CA of ours, and that to one of another company, under a client that connects anew each time',
    async () => {
      const client = startClient(lab, { bundle: 'app' });
      await client.working;
      const begun = await certs('--rotate-ca', '-y');
      expect([begun.code, begun.errors]).toEqual([0, []]);
      expect((await certs('--csr', at('out7'))).code).toBe(3);
      const ours = await certs('--rotate-ca', '--clients-ready', '-y');
      expect([ours.code, ours.errors, await trusted()]).toEqual([0, [], [1, 1, 1]]);
      expect(existsSync(pki('ca-key.pem'))).toBe(true);
      expect((await runPlaybook(lab)).changed).toEqual([]);

      mkdirSync(pki('next'));
      writeFileSync(pki('next/ca.pem'), readFileSync(at('other-chain.pem')));
      const early = await certs('--rotate-ca', '--clients-ready', '-y');
      expect(early.code).toBe(3);
      const both = await certs('--rotate-ca', '-y');
      expect([both.code, both.errors, await trusted()]).toEqual([0, [], [3, 3, 3]]);
      expect(both.text).toContain('The new CA has yet to sign etcd01-server');
      expect(existsSync(pki('ca-key.pem'))).toBe(false);
      const unsigned = await certs('--rotate-ca', '--clients-ready', '-y');
      expect([unsigned.code, unsigned.errors[0]?.message]).toEqual([
        3,
        expect.stringContaining('has yet to sign etcd01-server'),
      ]);
      const before = await pids();
      signer = 'other';
      const taken = await request('out8', 'in8');
      expect([taken.code, taken.errors, await pids()]).toEqual([0, [], before]);
      expect(taken.text).toContain('every member trusts both CAs');
      const done = await certs('--rotate-ca', '--clients-ready', '-y');
      expect([done.code, done.errors, await trusted()]).toEqual([0, [], [2, 2, 2]]);
      await served('two rotations', client);
      expect((await runPlaybook(lab)).changed).toEqual([]);
      expect(await put('app')).toBe(0);
    },
    600_000,
  );

  itLong('KILLS')(
    'gives way to one of another company by reruns, in whatever step the run is lost',
    async () => {
      signer = signer === 'other' ? 'middle' : 'other';
      mkdirSync(pki('next'));
      writeFileSync(pki('next/ca.pem'), readFileSync(at(`${signer}-chain.pem`)));
      const lost = (...args: string[]) => strikeEach(lab, 'run', 'certs', args);
      expect((await lost('--rotate-ca', '-y')).length).toBeGreaterThan(3);
      expect(await trusted()).toEqual([4, 4, 4]);
      expect((await certs('--csr', at('out9'))).code).toBe(0);
      sign('out9', 'in9', signer);
      // It waits on control until all that is to be shown is signed.
      expect(await lost('--import', at('in9'))).toHaveLength(1);
      const again = await certs('--import', at('in9'));
      expect([again.code, stepsOf(again, 'begun')]).toEqual([0, []]);
      expect((await lost('--rotate-ca', '--clients-ready', '-y')).length).toBeGreaterThan(5);
      expect(await trusted()).toEqual([2, 2, 2]);
      expect((await runPlaybook(lab)).changed).toEqual([]);
      const status = await runPlaybook(lab, [], { playbook: 'status' });
      expect([status.code, status.errors]).toEqual([0, []]);
    },
    900_000,
  );

  it('is needed for what is due, and the refusal says how', async () => {
    const wanted = ['-e', '{"etcd_extra_sans": ["lb.example"]}'];
    const refused = await runPlaybook(lab, wanted);
    expect(refused.code).toBe(3);
    expect(refused.errors[0]?.hint).toContain('--csr DIR');
    expect((await certs('--csr', at('out3'), ...wanted)).code).toBe(0);
    sign('out3', 'in3', signer);
    const foreign = `mkdir foreign; openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=other -keyout foreign.key -out foreign/other.csr`;
    execFileSync('sh', ['-ec', foreign], { cwd: company, stdio: 'pipe' });
    sign('foreign', 'in3', signer);
    expect((await certs('--import', at('in3'), ...wanted)).code).toBe(5);
    rmSync(at('in3/other.crt'));
    expect((await certs('--import', at('in3'), ...wanted)).code).toBe(0);
    const after = await runPlaybook(lab, wanted);
    expect([after.code, after.changed]).toEqual([0, []]);
  });

  for (const strike of ['run', 'machine'] satisfies Strike[])
    itLong('KILLS')(
      `what came in is installed by a rerun in whatever step the ${strike} is lost`,
      async () => {
        const wanted = ['-e', '{"etcd_extra_sans": ["lb.example"]}'];
        const [out, came] = [`out-${strike}`, `in-${strike}`];
        const before = await pids();
        const asked = await certs('--csr', at(out), 'etcd01', 'etcd02', 'etcd03', ...wanted);
        expect([asked.code, readdirSync(at(out)).length]).toEqual([0, 6]);
        sign(out, came, signer);
        const words = ['--import', at(came), ...wanted];
        const struck = await strikeEach(lab, strike, 'certs', words);
        expect(struck).toHaveLength(strike === 'run' ? 4 : 3);
        for (const { name } of lab.hosts) {
          const leaf = readFileSync(at(`${came}/${name}-server.crt`), 'utf8').trim();
          expect((await lab.ssh(name, 'cat /opt/etcd/ssl/server.pem')).stdout).toContain(leaf);
        }
        if (strike === 'run') expect(await pids()).toEqual(before);
        const again = await certs(...words);
        expect([again.code, stepsOf(again, 'begun')]).toEqual([0, []]);
        const site = await runPlaybook(lab, wanted);
        expect([site.code, site.changed]).toEqual([0, []]);
      },
      600_000,
    );
});
