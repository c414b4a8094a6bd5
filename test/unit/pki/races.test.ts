import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { certificateProblems, readCa } from '../../../lib/pki/index.ts';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';
import { open, read, SANS, walk } from './support.ts';

function run(dir: string): { child: ChildProcess; output: Promise<string> } {
  const child = spawn(process.execPath, [program('test/unit/pki/process.ts'), dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout!.on('data', (data) => {
    out += data;
  });
  child.stderr!.on('data', (data) => {
    errors += data;
  });
  const output = new Promise<string>((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(errors || `exit ${code}`)))),
  );
  return { child, output };
}

/** Every pair that a whole folder holds belongs together and to the CA. */
function expectSound(dir: string): void {
  const ca = new X509Certificate(read(dir, 'ca.pem'));
  for (const name of [
    'ca',
    'client',
    'm1/server',
    'm1/peer',
    'm2/server',
    'm2/peer',
    'm3/server',
    'm3/peer',
  ]) {
    const cert = new X509Certificate(read(dir, `${name}.pem`));
    expect(cert.checkPrivateKey(createPrivateKey(read(dir, `${name}-key.pem`))), name).toBe(true);
    expect(cert.verify(ca.publicKey), name).toBe(true);
  }
}

describe('several at once', () => {
  it('share a CA and a pair within a process', async () => {
    const dir = scratch();
    const pkis = await Promise.all([open(dir), open(dir), open(dir)]);
    const cas = await Promise.all(pkis.flatMap((pki) => [pki.ensureCa(), pki.ensureCa()]));
    expect(new Set(cas.map(({ pem }) => pem)).size).toBe(1);
    const pki = pkis[0]!;
    const pairs = await Promise.all([1, 2, 3].map(() => pki.issueMember('m1', 'server', SANS)));
    expect(new Set(pairs.map(({ certPem }) => certPem)).size).toBe(1);
    expect(new X509Certificate(cas[0]!.pem).checkPrivateKey(createPrivateKey(read(dir, 'ca-key.pem')))).toBe(
      true,
    );
  });

  it('make one CA in several processes', async () => {
    const dir = join(scratch(), 'pki');
    const outputs = await Promise.all([1, 2, 3].map(() => run(dir).output));
    const seen = outputs.map((output) => JSON.parse(output) as { pem: string; certs: string[] });
    expect(new Set(seen.map(({ pem }) => pem))).toEqual(new Set([read(dir, 'ca.pem')]));
    for (const { pem, certs } of seen) {
      for (const cert of certs) {
        expect(certificateProblems({ pem: cert, sans: SANS, caPem: pem, renewBefore: 0 })).toEqual([]);
      }
    }
    await run(dir).output;
    expectSound(dir);
  }, 60_000);
});

describe('a run that was cut off', () => {
  it.each<[string, readonly string[]]>([
    ['after the key of the CA', ['ca.pem', 'ca.csr', 'client.pem', 'client-key.pem', 'm1']],
    ['after the CA', ['client.pem', 'client-key.pem', 'm1']],
    ['after a key', ['m1/server.pem', 'm1/server.csr']],
    ['before the key of a certificate', ['m1/server-key.pem']],
  ])('%s is taken up', async (_name, lost) => {
    const dir = scratch();
    await (await open(dir)).issueMember('m1', 'server', SANS);
    const key = read(dir, 'ca-key.pem');
    for (const name of lost) rmSync(join(dir, name), { recursive: true });
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(read(dir, 'ca-key.pem')).toBe(key);
    const caPem = read(dir, 'ca.pem');
    expect(new X509Certificate(caPem).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificateProblems({ pem: certPem, sans: SANS, caPem, renewBefore: 0 })).toEqual([]);
    expect(existsSync(join(dir, 'client.pem'))).toBe(true);
  });

  it('by SIGKILL at any time leaves a folder the next one completes', async () => {
    const dir = join(scratch(), 'pki');
    let ca: string | undefined;
    for (let round = 0; round < 6; round++) {
      const { child, output } = run(dir);
      const deadline = Date.now() + 10_000;
      // Cut at another step in each round: by how much there is, not by a clock.
      const enough = () => existsSync(dir) && walk(dir).length > round * 3;
      while (!enough() && child.exitCode === null && Date.now() < deadline) await sleep(1);
      child.kill('SIGKILL');
      await output.catch(() => {});
      ca ??= await readCa(dir);
      if (ca !== undefined) expect(await readCa(dir)).toBe(ca);
      for (const name of existsSync(dir) ? walk(dir) : []) {
        if (/-key\.pem/.test(name)) expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600);
      }
    }
    await run(dir).output;
    expectSound(dir);
    if (ca !== undefined) expect(await readCa(dir)).toBe(ca);
  }, 60_000);
});
