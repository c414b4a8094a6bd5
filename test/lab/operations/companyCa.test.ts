import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { runPlaybook, stepsOf } from '../support/playbook.ts';
import { type Strike, strikeEach } from '../support/strikeEach.ts';

/** One long sequence: a cluster lives under a CA whose key is never on the machine that sets it up. */
describeLab('the CA of a company', () => {
  let lab: Lab;
  const company = mkdtempSync(join(tmpdir(), 'company-ca-'));
  const at = (name: string) => join(company, name);
  beforeAll(async () => {
    lab = await startLab({ name: 'companyca' });
    const ec = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
    const script = `openssl req -x509 ${ec} -subj /CN=company -days 999 -keyout root.key -out root.pem
openssl req ${ec} -subj /CN=etcd-ca -keyout middle.key -out middle.csr
printf 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n' >ca.ext
printf 'extendedKeyUsage=serverAuth,clientAuth\n' >leaf.ext
openssl x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 998 -extfile ca.ext -out middle.pem`;
    execFileSync('sh', ['-ec', script], { cwd: company, stdio: 'pipe' });
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(company, { recursive: true, force: true });
  });

  const certs = (...args: string[]) => runPlaybook(lab, args, { playbook: 'certs' });
  const pki = (...path: string[]) => join(dirname(lab.inventoryFile), '.quorate/inventory/pki', ...path);
  /** Signs what lies in one folder into another one, with the chain beside. */
  const sign = (from: string, to: string) => {
    const each = `mkdir -p ${to}; cat middle.pem root.pem >${to}/chain.pem
for csr in ${from}/*.csr; do openssl x509 -req -in "$csr" -CA middle.pem -CAkey middle.key -CAcreateserial -days 90 \
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

  it('is needed for what is due, and the refusal says how', async () => {
    const wanted = ['-e', '{"etcd_extra_sans": ["lb.example"]}'];
    const refused = await runPlaybook(lab, wanted);
    expect(refused.code).toBe(3);
    expect(refused.errors[0]?.hint).toContain('--csr DIR');
    expect((await certs('--csr', at('out3'), ...wanted)).code).toBe(0);
    sign('out3', 'in3');
    const foreign = `mkdir foreign; openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=other -keyout foreign.key -out foreign/other.csr`;
    execFileSync('sh', ['-ec', foreign], { cwd: company, stdio: 'pipe' });
    sign('foreign', 'in3');
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
        sign(out, came);
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
