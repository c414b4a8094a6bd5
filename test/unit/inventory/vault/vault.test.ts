import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { redact } from '../../../../lib/dsl/secret.ts';
import { QuorateError } from '../../../../lib/errors.ts';
import { Vaulted } from '../../../../lib/inventory/variables/value.ts';
import { isVaultText, Vault } from '../../../../lib/inventory/vault/vault.ts';
import { type VaultSources, vaultPasswords } from '../../../../lib/inventory/vault/vault-passwords.ts';

/** Made by ansible-vault of ansible-core 2.19.14: the first three with `pw one`, the last with vault id `prod` and `pw-two`. */
const MADE = {
  text: `$ANSIBLE_VAULT;1.1;AES256
30303537623636393739353466306339366563613435363639666466666639656464353239656139
3037666537303732306664623230323064396433643536610a666664393331633332316133613462
38333862373536353437396335616466343134316231386332346236383036616533393236613634
3036623839333637350a646330643234366530343432656638646530353636316638373138626432
3631
`,
  empty: `$ANSIBLE_VAULT;1.1;AES256
62356564343766313831623034363131376161373235303564363636643431376162633836636233
3236643431613964646664306536626230383764653836380a653036663532633334396235393633
66663164633231306261343232396534616162323936616237353637353138343665343434303261
3661393533383937640a636162653865343363303665366164643166313064623036663733383031
3131
`,
  block: `$ANSIBLE_VAULT;1.1;AES256
63306136336636666436316164303461376531306365663034643730653130313663633666613665
6533386636323663336631316235653533373534346231630a363333373135306230306431636331
35386333643239616534393561633035616239626362303334633063633434363263303139353737
3032373738623539350a316563353665343934643134333562353965333961386239313132326232
31373665353966303533663365316334656235303537313864313865623765656166
`,
  prod: `$ANSIBLE_VAULT;1.2;AES256;prod
64616433343165633038323832313137393037333738636631386237366466646239343564633963
6631343831313566323832373663663739336333363033380a653965616665366166613334663534
64643165393733373733643861653761653833313133393137636563356535663566663336623235
3037373532626563350a386235646365383231353262363235343263356236656364646132343264
62393539636339326263333733623938613664623564613136343534616264313465
`,
} as const;

const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const ONE = file('one', 'pw one\n');
const TWO = file('two', 'pw-two');
file('here.sh', "#!/bin/sh\necho 'pw one'\n", 0o700);
const POSITION = { file: 'hosts.yaml', line: 7, column: 3 };

const nobody = () => Promise.reject(new Error('nobody is asked'));

function open(armoured: string, sources: Partial<VaultSources>): Promise<string> {
  const all = { files: [], prompt: false, ask: nobody, env: {}, ...sources };
  return new Vault(vaultPasswords(all)).open(new Vaulted(armoured, POSITION));
}

describe('a vault opens', () => {
  it.each([
    ['text', MADE.text, [ONE], 'plain text'],
    ['nothing', MADE.empty, [ONE], ''],
    ['what fills its last block', MADE.block, [ONE], '0123456789abcdef'],
    ['UTF-8, of a vault id', MADE.prod, [`prod@${TWO}`], 'ümlaut: x\nkey: value\n'],
    ['by a password of another id', MADE.prod, [`dev@${TWO}`], 'ümlaut: x\nkey: value\n'],
    ['by the second of two files', MADE.prod, [ONE, TWO], 'ümlaut: x\nkey: value\n'],
    ['with the line ends of Windows', MADE.text.replaceAll('\n', '\r\n'), [ONE], 'plain text'],
    ['indented', MADE.text.replaceAll('\n', '\n      '), [ONE], 'plain text'],
    ['without its last line end', MADE.text.trim(), [ONE], 'plain text'],
  ])('%s', async (_, armoured, files, plain) => {
    expect(isVaultText(armoured)).toBe(true);
    expect(await open(armoured, { files })).toBe(plain);
  });

  it('by the output of a program, whose line end does not count', async () => {
    const program = file('ask.sh', "#!/bin/sh\necho 'pw one'\n", 0o700);
    expect(await open(MADE.text, { files: [program] })).toBe('plain text');
  });

  it('by a program of the current directory, whatever is on the PATH', async () => {
    const home = process.cwd();
    process.chdir(folder);
    try {
      expect(await open(MADE.text, { files: ['here.sh'] })).toBe('plain text');
    } finally {
      process.chdir(home);
    }
  });

  it('by a client, which is told the id', async () => {
    const program = file(
      'ring-client.sh',
      '#!/bin/sh\n[ "$1 $2" = "--vault-id prod" ] && echo pw-two\n',
      0o700,
    );
    expect(await open(MADE.prod, { files: [`prod@${program}`] })).toContain('key');
  });

  it('by what a person says', async () => {
    const ask = vi.fn(async () => 'pw one');
    expect(await open(MADE.text, { prompt: true, ask })).toBe('plain text');
    expect(ask.mock.calls).toEqual([['vault password: ']]);
  });

  it.each([
    ['prod@prompt', 'vault password (prod): '],
    ['@prompt', 'vault password: '],
  ])('by a person, for %s', async (given, question) => {
    const ask = vi.fn(async () => 'pw one');
    expect(await open(MADE.text, { files: [given], ask })).toBe('plain text');
    expect(ask.mock.calls).toEqual([[question]]);
  });

  it('by a file without an id', async () => {
    expect(await open(MADE.text, { files: [`@${ONE}`] })).toBe('plain text');
  });

  it('by the file that ANSIBLE_VAULT_PASSWORD_FILE names', async () => {
    expect(await open(MADE.text, { env: { ANSIBLE_VAULT_PASSWORD_FILE: ONE } })).toBe('plain text');
  });

  it('and what was in it is masked from then on', async () => {
    expect(redact('it says plain text')).toContain((await open(MADE.text, { files: [ONE] })) && '********');
  });

  it('asks once, however many there are', async () => {
    const ask = vi.fn(async () => 'pw one');
    const vault = new Vault(vaultPasswords({ files: [], prompt: true, ask, env: {} }));
    const all = [MADE.text, MADE.text, MADE.block].map((each) => vault.open(new Vaulted(each, undefined)));
    expect(await Promise.all(all)).toEqual(['plain text', 'plain text', '0123456789abcdef']);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('a vault stays shut, with its place', () => {
  const broken = file('broken.sh', '#!/bin/sh\necho pw one; exit 3\n', 0o700);
  it.each([
    ['no password', MADE.text, [], /no password is given/, /--vault-password-file/],
    ['the wrong one', MADE.text, [TWO], `tried: ${TWO}`, /encrypted with/],
    [
      'several wrong ones, and the id',
      MADE.prod,
      [ONE, `prod@${ONE}`],
      `(vault id prod), and no password opens it; tried: ${ONE}, ${ONE}`,
      /encrypted with/,
    ],
    [
      'a changed digit',
      MADE.text.replace('3631\n', '3632\n'),
      [ONE],
      /no password opens it/,
      /encrypted with/,
    ],
    ['cut off', MADE.text.slice(0, 200), [ONE], /damaged: it is cut off/, /copy it whole/],
    ['not hexadecimal', MADE.text.replace('3030', '30zz'), [ONE], /damaged/, /copy it whole/],
    ['nothing but its header', '$ANSIBLE_VAULT;1.1;AES256', [ONE], /damaged/, /copy it whole/],
    ['no header', 'what is this', [ONE], /starts without \$ANSIBLE_VAULT;/, /copy it whole/],
    ['a format to come', MADE.text.replace('1.1', '2.0'), [ONE], /format is not 1.1 or 1.2/, /rekey/],
    ['the cipher of old', MADE.text.replace('AES256', 'AES'), [ONE], /cipher is not AES256/, /rekey/],
  ])('%s', async (_, armoured, files, message, hint) => {
    const error = await open(armoured, { files }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(QuorateError);
    expect(error).toMatchObject({ exitCode: 1, position: POSITION });
    expect(error.message).toMatch(message instanceof RegExp ? message : literally(message));
    expect(error.hint).toMatch(hint);
  });

  it.each([
    ['a file that is missing', join(folder, 'none'), /there is no vault password file/],
    ['an empty one', file('blank', '\n'), /it is empty/],
    ['a directory', folder, /cannot read .*EISDIR/],
    ['a program that fails', broken, /ended with 3/],
  ])('%s', async (_, path, message) => {
    await expect(open(MADE.text, { files: [path] })).rejects.toThrow(message);
  });
});

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}
