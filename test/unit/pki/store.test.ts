import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { EXIT } from '../../../lib/errors.ts';
import { writeWhole } from '../../../lib/pki/files.ts';
import { certificateProblems, fingerprint, readCa } from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { open, SANS } from './support.ts';

const PROCESS = fileURLToPath(new URL('process.ts', import.meta.url));

function run(dir: string): { child: ChildProcess; output: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', PROCESS, dir], {
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

function read(dir: string, name: string): string {
  return readFileSync(join(dir, name), 'utf8');
}

function walk(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
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

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the folder', () => {
  it.each([0, 0o022, 0o777])('has its files, private whatever the modes before: umask %i', async (mask) => {
    const dir = scratch();
    chmodSync(dir, 0o777);
    const umask = process.umask(mask);
    try {
      const pki = await open(dir);
      await pki.issueMember('m1', 'server', SANS);
      await pki.issueMember('m1', 'peer', SANS);
    } finally {
      process.umask(umask);
    }
    const mode = (name: string) => (statSync(join(dir, name)).mode & 0o7777).toString(8);
    expect(Object.fromEntries(['.', ...walk(dir)].map((name) => [name, mode(name)]))).toEqual({
      '.': '700',
      '.gitignore': '644',
      'ca-key.pem': '600',
      'ca.csr': '644',
      'ca.pem': '644',
      'client-key.pem': '600',
      'client.pem': '644',
      m1: '700',
      'm1/peer-key.pem': '600',
      'm1/peer.pem': '644',
      'm1/server-key.pem': '600',
      'm1/server.csr': '644',
      'm1/server.pem': '644',
    });
    expect(read(dir, '.gitignore')).toContain('*-key.pem');
  });

  it('never shows a file that is half written or of another mode', async () => {
    const dir = scratch();
    const path = join(dir, 'x-key.pem');
    let stop = false;
    const seen = new Set<string>();
    const watch = (async () => {
      while (!stop) {
        for (const name of readdirSync(dir)) {
          try {
            seen.add(`${(statSync(join(dir, name)).mode & 0o777).toString(8)}`);
          } catch {
            // Gone meanwhile.
          }
        }
        if (existsSync(path)) expect(readFileSync(path, 'utf8')).toMatch(/^(a{100000}|b{100000})$/);
        await sleep(0);
      }
    })();
    const umask = process.umask(0);
    try {
      for (let i = 0; i < 10; i++)
        await writeWhole(path, (i % 2 ? 'a' : 'b').repeat(100_000), { mode: 0o600 });
    } finally {
      process.umask(umask);
      stop = true;
    }
    await watch;
    expect([...seen]).toEqual(['600']);
  });

  it('is left as it is by a second run, and by one that only reads', async () => {
    const dir = join(scratch(), 'pki');
    expect(await readCa(dir)).toBeUndefined();
    await open(dir);
    expect(existsSync(dir)).toBe(false);
    const first = await (await open(dir)).issueMember('m1', 'server', SANS);
    const before = walk(dir).map((name) => [name, statSync(join(dir, name)).mtimeMs]);
    const second = await (await open(dir)).issueMember('m1', 'server', [...SANS].reverse());
    expect(second.certPem).toBe(first.certPem);
    expect(second.keyPem.digest).toBe(first.keyPem.digest);
    expect(walk(dir).map((name) => [name, statSync(join(dir, name)).mtimeMs])).toEqual(before);
  });

  it('gives every certificate a key of its own, hidden in print', async () => {
    const pki = await open(scratch());
    const keys = [
      await pki.issueMember('m1', 'server', SANS),
      await pki.issueMember('m1', 'peer', SANS),
      await pki.issueMember('m2', 'server', SANS),
      await pki.issueClient(),
    ].map(({ keyPem }) => keyPem);
    expect(new Set(keys.map(({ digest }) => digest)).size).toBe(4);
    expect(keys[0]).toBeInstanceOf(Secret);
    expect(`${keys[0]}`).not.toContain('BEGIN');
  });

  it('issues anew when the names or the CA changed, or the stored key is another', async () => {
    const dir = scratch();
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    const other = await (await open(dir)).issueMember('m1', 'server', [...SANS, 'x.test']);
    expect(other.certPem).not.toBe(certPem);
    writeFileSync(join(dir, 'm1/server-key.pem'), read(dir, 'client-key.pem'));
    const third = await (await open(dir)).issueMember('m1', 'server', [...SANS, 'x.test']);
    expect(third.certPem).not.toBe(other.certPem);
    const caPem = await readCa(dir);
    expect(
      certificateProblems({ pem: third.certPem, sans: [...SANS, 'x.test'], caPem, renewBefore: 0 }),
    ).toEqual([]);
  });

  it('issues anew in the last third of a life, however long the lead of whoever asks', async () => {
    const dir = scratch();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { certPem } = await (await open(dir, { certExpiry: '30d' })).issueMember('m1', 'server', SANS);
      const later = async (days: number) => {
        vi.setSystemTime(Date.now() + days * 86_400_000);
        return (await (await open(dir, { certExpiry: '30d' })).issueMember('m1', 'server', SANS)).certPem;
      };
      expect(await later(19)).toBe(certPem);
      expect(await later(2)).not.toBe(certPem);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a member without names', async () => {
    const issued = (await open(scratch())).issueMember('m1', 'server', []);
    await expect(issued).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});

describe('a CA that is none', () => {
  it.each([
    ['text', async () => 'x', /is not a certificate/],
    ['a leaf', async (dir: string) => read(dir, 'client.pem'), /is not the certificate of a CA/],
  ])('%s is refused', async (_name, content, message) => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    writeFileSync(join(dir, 'ca.pem'), await content(dir));
    await expect((await open(dir)).ensureCa()).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringMatching(message),
    });
  });

  it('any more, for it expired, is refused', async () => {
    const dir = scratch();
    await (await open(dir, { caExpiry: '6m' })).ensureCa();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      await expect((await open(dir)).ensureCa()).rejects.toMatchObject({ exitCode: EXIT.refused });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a CA whose key is lost', () => {
  it('is not replaced: what needs no signature goes on, what does is refused', async () => {
    const dir = scratch();
    const first = await (await open(dir)).issueMember('m1', 'server', SANS);
    const ca = read(dir, 'ca.pem');
    rmSync(join(dir, 'ca-key.pem'));
    const pki = await open(dir);
    expect((await pki.ensureCa()).pem).toBe(ca);
    expect((await pki.issueMember('m1', 'server', SANS)).certPem).toBe(first.certPem);
    await expect(pki.issueMember('m2', 'server', SANS)).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining(fingerprint(ca)),
    });
    expect(existsSync(join(dir, 'ca-key.pem'))).toBe(false);
    expect(read(dir, 'ca.pem')).toBe(ca);
  });

  it('is not served by the key of another', async () => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    writeFileSync(join(dir, 'ca-key.pem'), read(dir, 'client-key.pem'));
    await expect((await open(dir)).issueMember('m2', 'server', SANS)).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining('is not the key of'),
    });
  });
});

describe('a passphrase', () => {
  it('encrypts the key of the CA, one that was open before too', async () => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    expect(read(dir, 'ca-key.pem')).toContain('BEGIN EC PRIVATE KEY');
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse');
    await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(read(dir, 'ca-key.pem')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect(read(dir, '.gitignore').trim().split('\n').at(-1)).toBe('!/ca-key.pem');
    const fresh = scratch();
    await (await open(fresh)).issueMember('m1', 'server', SANS);
    expect(read(fresh, 'ca-key.pem')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect(statSync(join(fresh, 'ca-key.pem')).mode & 0o777).toBe(0o600);
    await (await open(fresh)).issueMember('m2', 'server', SANS);
  });

  it('keeps a new key from ever lying open', async () => {
    const dir = scratch();
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse');
    const made = open(dir).then((pki) => pki.ensureCa());
    let done = false;
    const watch = (async () => {
      while (!done) {
        for (const name of readdirSync(dir).filter((file) => file.includes('ca-key.pem'))) {
          const text = existsSync(join(dir, name)) ? read(dir, name) : '';
          expect(text).not.toContain('EC PRIVATE KEY');
        }
        await sleep(0);
      }
    })();
    await made.finally(() => {
      done = true;
    });
    await watch;
  });

  it.each([
    ['wrong', /does not open/],
    ['', /there is no passphrase/],
  ])('that is "%s" is told', async (passphrase, message) => {
    const dir = scratch();
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse');
    await (await open(dir)).ensureCa();
    vi.stubEnv('QUORATE_CA_PASSPHRASE', passphrase);
    await expect((await open(dir)).issueMember('m1', 'server', SANS)).rejects.toMatchObject({
      exitCode: EXIT.untrusted,
      message: expect.stringMatching(message),
      hint: expect.stringContaining('QUORATE_CA_PASSPHRASE'),
    });
    await (await open(dir)).ensureCa();
  });
});

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
