import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asOneRun } from '../../../../lib/dsl/common/per-run.ts';
import { EXIT } from '../../../../lib/errors.ts';
import { isWellEncrypted } from '../../../../lib/pki/encrypt.ts';
import { fingerprint } from '../../../../lib/pki/index.ts';
import { keyPem, newKey, readKey } from '../../../../lib/pki/keys.ts';
import { scratch } from '../../support/scratch.ts';
import { open, read, SANS } from '../support.ts';

afterEach(() => {
  vi.unstubAllEnvs();
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

describe('a CA from elsewhere', () => {
  /** A root and an intermediate under it, by openssl; `uses` keeps the intermediate to some. */
  function madeElsewhere(dir: string, uses?: string, more = '') {
    const ext = `basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n${uses ? `extendedKeyUsage=${uses}\n` : ''}${more}`;
    writeFileSync(join(dir, 'ext'), ext);
    const script = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=root -days 99 -keyout root-key -out root
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=middle -keyout ca-key.pem -out csr
openssl x509 -req -in csr -CA root -CAkey root-key -CAcreateserial -days 98 -extfile ext -out middle`;
    execFileSync('sh', ['-ec', script], { cwd: dir, stdio: 'ignore' });
    const order = (...names: string[]) =>
      writeFileSync(join(dir, 'ca.pem'), names.map((name) => read(dir, name)).join(''));
    return order;
  }

  it.each([
    [
      'an intermediate that is kept to servers',
      'serverAuth',
      ['middle', 'root'],
      /may not issue for client auth/,
    ],
    ['the root before it', undefined, ['root', 'middle'], /has the certificate of \S+ca-key.pem in place 2/],
    ['it alone', undefined, ['middle'], /ends with CN=middle, whose own CA \(CN=root\) is not in it/],
  ])('is refused before anything is issued: %s', async (_what, uses, names, message) => {
    const dir = scratch();
    madeElsewhere(dir, uses)(...names);
    const refused = { exitCode: EXIT.refused, message: expect.stringMatching(message) };
    const pki = await open(dir);
    await expect(pki.foresee([{ name: 'm1', kind: 'server', sans: SANS }])).rejects.toMatchObject(refused);
    await expect(pki.issueMember('m1', 'server', SANS)).rejects.toMatchObject(refused);
  });

  it('is refused before anything is issued where it is kept from a name of a member', async () => {
    const dir = scratch();
    const permitted = [
      'DNS:corp.example',
      'DNS:localhost',
      'IP:10.0.0.0/255.255.255.0',
      'IP:127.0.0.0/255.0.0.0',
    ];
    const constraints = [...permitted.map((one) => `permitted;${one}`), 'excluded;DNS:.lab.corp.example'];
    madeElsewhere(dir, undefined, `nameConstraints=critical,${constraints.join(',')}\n`)('middle', 'root');
    const pki = await open(dir);
    const issue = (...sans: string[]) => pki.foresee([{ name: 'm1', kind: 'server', sans }]);
    await issue('m1.corp.example', 'corp.example', 'localhost', '10.0.0.7', '127.0.0.1');
    for (const name of ['m1', 'mycorp.example', 'm1.lab.corp.example', '10.0.1.7', '::1']) {
      const message = `${join(dir, 'ca.pem')} may not issue for ${name}, by constraints of CN=middle`;
      await expect(issue('localhost', name)).rejects.toMatchObject({ exitCode: EXIT.refused, message });
    }
    await expect(pki.issueMember('m1', 'peer', ['m1'])).rejects.toMatchObject({ exitCode: EXIT.refused });
  });

  it('may be an intermediate with its root after it', async () => {
    const dir = scratch();
    madeElsewhere(dir, 'serverAuth,clientAuth')('middle', 'root');
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(new X509Certificate(certPem).verify(new X509Certificate(read(dir, 'middle')).publicKey)).toBe(
      true,
    );
  });

  it('is shown with every certificate where it is an intermediate: a client may know the root alone', async () => {
    const dir = scratch();
    madeElsewhere(dir, 'serverAuth,clientAuth')('middle', 'root');
    const pki = await open(dir);
    const { certPem } = await pki.issueMember('m1', 'server', SANS);
    writeFileSync(join(dir, 'shown'), certPem);
    execFileSync('openssl', ['verify', '-CAfile', 'root', '-untrusted', 'shown', 'shown'], { cwd: dir });
    expect(certPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await pki.issueMember('m1', 'server', SANS)).certPem).toBe(certPem);
  });

  it('is used, its key made private and kept out of version control', async () => {
    const made = scratch();
    await (await open(made)).ensureCa();
    const dir = scratch();
    chmodSync(dir, 0o755);
    for (const name of ['ca.pem', 'ca-key.pem']) writeFileSync(join(dir, name), read(made, name));
    chmodSync(join(dir, 'ca-key.pem'), 0o644);
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(new X509Certificate(certPem).verify(new X509Certificate(read(made, 'ca.pem')).publicKey)).toBe(
      true,
    );
    expect(read(dir, 'ca.pem')).toBe(read(made, 'ca.pem'));
    expect(read(dir, '.gitignore')).toBe(read(made, '.gitignore'));
    for (const [name, mode] of [
      ['', 0o700],
      ['ca-key.pem', 0o600],
    ] as const) {
      expect(statSync(join(dir, name)).mode & 0o777, name).toBe(mode);
    }
  });

  it("keeps the user's own .gitignore", async () => {
    const dir = scratch();
    writeFileSync(join(dir, '.gitignore'), '*\n');
    await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(read(dir, '.gitignore')).toBe('*\n');
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

  it('is not replaced when its certificate is lost too, but members trust it', async () => {
    const trusted = (await (await open(scratch())).ensureCa()).pem;
    const dir = join(scratch(), 'pki');
    await expect((await open(dir, { trusted })).issueMember('m1', 'server', SANS)).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining(fingerprint(trusted)),
    });
    expect(existsSync(dir)).toBe(false);
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

  it('is asked for with scrypt: guessing is dear, also for a key that came encrypted otherwise', async () => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    const cheap = createPrivateKey(read(dir, 'ca-key.pem')).export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' },
    } as never);
    writeFileSync(join(dir, 'ca-key.pem'), cheap);
    expect(isWellEncrypted(read(dir, 'ca-key.pem'))).toBe(false);
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse');
    await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(isWellEncrypted(read(dir, 'ca-key.pem'))).toBe(true);
    const began = performance.now();
    createPrivateKey({ key: read(dir, 'ca-key.pem'), passphrase: 'correct horse' });
    expect(performance.now() - began).toBeGreaterThan(50);
  });

  it('and the key that it opens are forgotten with the run', async () => {
    const pem = keyPem(await newKey({ algo: 'ed25519' })).reveal();
    const key = () => readKey(pem, 'ca-key.pem', undefined);
    const [one, again] = asOneRun(() => [key(), key()]);
    expect(again).toBe(one);
    expect(asOneRun(key)).not.toBe(asOneRun(key));
  });

  it.each(['x', 'elf letters'])('"%s" is refused: too short, and nothing is made', async (passphrase) => {
    const dir = join(scratch(), 'pki');
    vi.stubEnv('QUORATE_CA_PASSPHRASE', passphrase);
    await expect(open(dir)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/fewer than 12 characters/),
    });
    expect(existsSync(dir)).toBe(false);
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
    ['wrong horse battery', /does not open/],
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
