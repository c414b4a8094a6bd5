import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PlannedTask } from '../../../../lib/dsl/play.ts';
import { EXIT } from '../../../../lib/errors.ts';
import { memberSans, pkiOptions } from '../../../../lib/etcd/files/certificates.ts';
import { etcdStrategy } from '../../../../lib/etcd/operations/site/strategy.ts';
import { openPki } from '../../../../lib/pki/index.ts';
import { issuedCertificate } from '../../../../lib/resources/issued-certificate.ts';
import { walk } from '../../pki/support.ts';
import { TUTORIAL } from '../../pki/tutorial.ts';
import { clusterFacts, fakeCluster, planned } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const KINDS = ['server', 'peer'] as const;
const DUE = KINDS.map((kind) => due(kind, `${kind}.pem`));

function due(kind: string, property: string): PlannedTask {
  const [path, keyPath] = [`/opt/etcd/ssl/${kind}.pem`, `/opt/etcd/ssl/${kind}-key.pem`];
  const issue = () => Promise.reject(new Error('nothing is issued here'));
  const task = issuedCertificate(path, { keyPath, sans: [], ca: '', renewBefore: 0, issue });
  return planned(task, 'update', { property });
}

/** A cluster of three with its PKI in a folder of its own, and what its strategy says to a plan. */
function cluster(caPem?: string, dir = join(scratch(), 'pki')) {
  const facts = { cluster: clusterFacts({ state: caPem ? 'live' : 'new', caPem }) };
  const said: string[] = [];
  const withPlan = (plan: readonly PlannedTask[]) =>
    fakeCluster(
      [1, 2, 3].map(() => ({ facts, plan })),
      { etcd_pki_dir: dir },
    );
  const admit = async (plan: readonly PlannedTask[]) =>
    etcdStrategy.admit!(withPlan(plan).run({ log: (_level, message) => said.push(message) }));
  /** As a run that gets that far. */
  const issue = async () => {
    for (const { target } of withPlan([]).hosts) {
      const pki = await openPki(pkiOptions(target));
      for (const kind of KINDS) await pki.issueMember(target.name, kind, memberSans(target));
    }
  };
  return { dir, admit, issue, said };
}

/** A folder of one passphrase, which takes as long to make as all that is asked of it. */
const made = mkdtempSync(join(tmpdir(), 'quorate-test-'));
const passphrase = (value: string) => vi.stubEnv('QUORATE_CA_PASSPHRASE', value);
beforeAll(async () => {
  passphrase('correct horse');
  await cluster(undefined, made).issue();
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

/** A cluster whose certificates are issued. */
function issued() {
  const one = cluster();
  cpSync(made, one.dir, { recursive: true, preserveTimestamps: true });
  passphrase('correct horse');
  return one;
}

async function errorOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: { exitCode: number; message: string; hint: string }) => thrown,
  );
  return error && { exitCode: error.exitCode, message: error.message, hint: error.hint };
}

const state = (dir: string) =>
  existsSync(dir) && walk(dir).map((name) => [name, statSync(join(dir, name)).mtimeMs]);

describe('certificates that are due', () => {
  const members = ['etcd01', 'etcd02', 'etcd03'];
  it.each<[string, (folder: Folder) => void, number?]>([
    ['where there is no CA yet', ({ lose }) => lose('')],
    ['where the key opens', ({ lose }) => lose(...members)],
    ['where the key is lost', ({ lose }) => lose('ca-key.pem', ...members), EXIT.refused],
    ['of one member, where the key is lost', ({ lose }) => lose('ca-key.pem', 'etcd02'), EXIT.refused],
    ['where the key is lost, but they are stored', ({ lose }) => lose('ca-key.pem')],
    ["where only the client's would need the lost key", ({ lose }) => lose('ca-key.pem', 'client.pem')],
    ["where the key is another's, but they are stored", ({ swapKey }) => swapKey()],
    [
      "where the key is another's",
      ({ lose, swapKey }) => {
        swapKey();
        lose(...members);
      },
      EXIT.refused,
    ],
    ['where the passphrase is missing, but they are stored', () => passphrase('')],
    [
      'where the passphrase is missing',
      ({ lose }) => {
        passphrase('');
        lose(...members);
      },
      EXIT.untrusted,
    ],
    [
      'where the passphrase is wrong',
      ({ lose }) => {
        passphrase('wrong horse battery');
        lose(...members);
      },
      EXIT.untrusted,
    ],
    [
      "where only the client's would need the passphrase",
      ({ lose }) => {
        passphrase('');
        lose('client.pem');
      },
      EXIT.untrusted,
    ],
    [
      'where a run was cut off after the key of the CA, and the passphrase is missing',
      ({ lose }) => {
        passphrase('');
        lose('ca.pem', ...members);
      },
      EXIT.untrusted,
    ],
  ])('%s are refused as a run would refuse to issue them, or not', async (_name, change, exitCode) => {
    const { dir, admit, issue } = issued();
    change(folder(dir));
    const before = state(dir);
    const refusal = await errorOf(admit(DUE));
    expect(refusal?.exitCode).toBe(exitCode);
    expect(state(dir)).toEqual(before);
    expect(refusal).toEqual(await errorOf(issue()));
  });

  it('are refused where the folder is lost and the members trust a CA', async () => {
    const { dir, admit } = cluster(readFileSync(join(made, 'ca.pem'), 'utf8'));
    expect(await errorOf(admit(DUE))).toMatchObject({ exitCode: EXIT.refused });
    expect(existsSync(dir)).toBe(false);
  });

  it.each([
    ['no folder at all', []],
    ['the certificate of the CA and not its key', ['ca.pem']],
  ])('send a colleague with %s to who has it, and never to a new CA', async (_, brought) => {
    const mine = cluster(readFileSync(join(made, 'ca.pem'), 'utf8'));
    mkdirSync(mine.dir, { recursive: true });
    for (const name of brought) writeFileSync(join(mine.dir, name), readFileSync(join(made, name)));
    const refusal = await errorOf(mine.admit(DUE));
    expect(refusal?.hint).toContain(`copy the folder ${mine.dir} from who made the cluster`);
    expect(refusal?.hint).not.toMatch(/rotate/);
  });

  it('are refused where they would last too long', async () => {
    const { dir, admit } = issued();
    folder(dir).lose(...members);
    const signing = { default: { expiry: '90000000h', usages: ['server auth', 'client auth'] } };
    writeFileSync(join(dir, 'ca-config.json'), JSON.stringify({ signing }));
    expect(await errorOf(admit(DUE))).toMatchObject({ exitCode: EXIT.usage });
  });
});

describe("what cfssl's files ask for and do not get", () => {
  it('is said once a cluster, with its place and no host, and only where something is due', async () => {
    const { dir, admit, issue, said } = cluster();
    mkdirSync(dir);
    for (const [name, text] of Object.entries(TUTORIAL)) {
      writeFileSync(join(dir, name), text.replace('10.0.52.6', '10.0.0.1'));
    }
    const end = expect.stringMatching(/^etcd: certificates would last until \S+ but their CA ends \S+:/);
    const place = `${dir}/server-csr.json:3:11`;
    const lacking = `${place}: "hosts" lacks the members 10.0.0.2, 10.0.0.3; they are added`;
    await admit(DUE);
    expect(said).toEqual([lacking, end]);
    said.length = 0;
    await issue();
    await admit(DUE);
    await admit([]);
    expect(said).toEqual([]);
  });
});

describe('where nothing is to be issued', () => {
  it.each<[string, readonly PlannedTask[]]>([
    ['nothing is due', []],
    ['only a mode is', [due('server', 'server-key.pem mode')]],
  ])('no key is asked for: %s', async (_name, plan) => {
    const { dir, admit } = issued();
    folder(dir).lose('ca-key.pem', 'etcd01');
    expect(await errorOf(admit(plan))).toBeUndefined();
  });
});

type Folder = ReturnType<typeof folder>;

/** What may happen to a PKI's folder. */
function folder(dir: string) {
  return {
    lose(...names: readonly string[]) {
      for (const name of names) rmSync(join(dir, name), { recursive: true, force: true });
    },
    swapKey() {
      writeFileSync(join(dir, 'ca-key.pem'), readFileSync(join(dir, 'client-key.pem')));
    },
  };
}
