import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { etcdctl } from '../support/etcdctl.ts';
import type { Command, Stage } from './stage.ts';
import type { Act, Cluster } from './story.ts';

/** What is done in an act. */
export interface Scene {
  /** The first one meets the trouble. */
  readonly commands: readonly [Command, ...Command[]];
  /** What is wrong afterwards, beside what is wrong after any act. */
  proof?(): Promise<readonly string[]>;
}

/** The client whose bundle is revoked, time and again. */
const GONE = 'gone';

/** For how long a client that has come just now writes at least, in ms. */
const WRITES = 2000;

/** Brings inventory and machines to where the operation is wanted. */
export async function sceneOf(stage: Stage, { operation, before, after }: Act): Promise<Scene> {
  const { lab } = stage;
  switch (operation.name) {
    case 'roll':
      stage.set();
      stage.inventoryHas(before);
      return { commands: [['site']] };
    case 'site':
    case 'backup':
      return { commands: [[operation.name]] };
    case 'renew':
      return { commands: [['certs', '--renew', '-y']] };
    case 'rotate':
      return {
        commands: [
          ['certs', '--rotate-ca', '-y', ...(stage.rotations++ > 0 ? ['--again'] : [])],
          ['certs', '--rotate-ca', '--clients-ready', '-y'],
        ],
      };
    case 'move':
      stage.move(operation.host);
      stage.inventoryHas(before);
      return { commands: [['members', '-y']] };
    case 'grow':
      await lab.reset(operation.host);
      stage.inventoryHas(after);
      return { commands: [['members', '-y']] };
    case 'shrink':
      return { commands: [['members', '-y', '--remove', operation.host]] };
    case 'replace':
      await lab.reset(operation.host);
      return { commands: [['members', '-y', '--replace', operation.host]] };
    case 'upgrade':
    case 'downgrade':
      stage.inventoryHas(after);
      return { commands: [['upgrade', '-y', ...(operation.name === 'downgrade' ? ['--downgrade'] : [])]] };
    case 'revoke':
      return revocation(stage, before);
    case 'restore':
      return restoration(stage, before);
    case 'recover':
      return recovery(stage, before, operation.host, operation.lost);
  }
}

/** Exactly what the snapshot has is there afterwards: what came later is gone, and what went is back. */
async function restoration(stage: Stage, { members }: Cluster): Promise<Scene> {
  await stage.clientGoes(WRITES);
  const [first = ''] = members;
  const taken = await stage.contentsOf(first);
  const to = mkdtempSync(join(stage.lab.stateDir, 'copies-'));
  await stage.mustRun('backup', '--to', to);
  const file = readdirSync(to).find((name) => name.endsWith('.db')) ?? '';
  const [gone = ''] = taken.keys();
  const late = 'ctl put client/later x; ctl del';
  await stage.on(first, `${etcdctl(stage.lab.hosts.slice(0, 1))}; ${late} ${gone}`);
  return {
    commands: [['restore', '--from', join(to, file), '-y']],
    proof: () => sameEverywhere(stage, members, taken),
  };
}

/** Exactly what the survivor had is there afterwards. Machines are lost once no client writes, so that all had that. */
async function recovery(
  stage: Stage,
  { members }: Cluster,
  from: string,
  lost: readonly string[],
): Promise<Scene> {
  await stage.clientGoes(WRITES);
  const had = await stage.contentsOf(from);
  await stage.lab.reset(...lost);
  return {
    commands: [['recover', '--from', from, '-y']],
    proof: () => sameEverywhere(stage, members, had),
  };
}

async function sameEverywhere(
  stage: Stage,
  members: readonly string[],
  wanted: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const each = await Promise.all(
    members.map(async (member) => {
      const has = await stage.contentsOf(member);
      const keys = [...new Set([...wanted.keys(), ...has.keys()])];
      const wrong = keys.filter((key) => has.get(key) !== wanted.get(key));
      const some = wrong.slice(0, 3).map((key) => `${key} is ${has.get(key)}, not ${wanted.get(key)}`);
      return wrong.length === 0
        ? []
        : [`${member}: ${wrong.length} of ${keys.length} keys: ${some.join('; ')}`];
    }),
  );
  return each.flat();
}

/** Whoever has the bundle that is revoked is let in by every member before, and by none afterwards. */
async function revocation(stage: Stage, { members }: Cluster): Promise<Scene> {
  await stage.mustRun('certs', '--client', GONE);
  const bundle = join(dirname(stage.lab.inventoryFile), '.quorate/inventory/pki/clients', GONE);
  const [ca, cert, key] = ['ca', GONE, `${GONE}-key`].map((name) =>
    readFileSync(join(bundle, `${name}.pem`), 'utf8'),
  );
  // Members listen at their hosts' addresses alone.
  const ask = (address = '') => `umask 077; mkdir -p /run/gone && cd /run/gone || exit
printf %s '${ca}' >ca.pem; printf %s '${cert}' >cert.pem; printf %s '${key}' >key.pem
curl -s -o /dev/null --cacert ca.pem --cert cert.pem --key key.pem https://${address}:2379/version && echo in || echo out`;
  const addressOf = new Map(stage.lab.hosts.map(({ name, address }) => [name, address]));
  const whereIt = async (is: 'in' | 'out') => {
    const said = await Promise.all(members.map((member) => stage.on(member, ask(addressOf.get(member)))));
    return members.filter((_, i) => said[i] === is);
  };
  const out = await whereIt('out');
  if (out.length > 0) throw new Error(`${out.join(', ')}: a new client is not let in`);
  return {
    commands: [['certs', '--revoke', GONE, '-y']],
    proof: async () => (await whereIt('in')).map((member) => `${member} lets the revoked client in`),
  };
}
