import { existsSync, statSync } from 'node:fs';
import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import { sharedPki } from '../../model/shared-pki.ts';
import { CLUSTER_FLAG } from '../common/cluster-flag.ts';

/** What is to be done: nothing but to look, or one of these. */
export type CertsJob = 'look' | 'renew' | 'csr' | 'import' | 'client' | 'revoke' | 'crl' | 'rotate-ca';

/** The flags of `certs`. */
export const CERTS_FLAGS = [
  CLUSTER_FLAG,
  {
    name: 'renew',
    type: 'boolean',
    description: 'make certificates anew that are due, or those of the hosts and clients named; no restart',
  },
  { name: 'all', type: 'boolean', description: 'with --renew: every certificate but the CA, due or not' },
  {
    name: 'new-keys',
    type: 'boolean',
    description: 'with --renew: make new keys as well; a handshake may fail for a moment',
  },
  {
    name: 'client',
    type: 'string',
    placeholder: 'NAME',
    description: 'issue the bundle of a client, or renew it where it is due; prints what to configure',
  },
  {
    name: 'csr',
    type: 'string',
    placeholder: 'DIR',
    description:
      'write signing requests for what is due, or for the hosts and clients named: for a CA whose key is not here',
  },
  {
    name: 'import',
    type: 'string',
    placeholder: 'PATH',
    description: 'take in what such a CA has signed, from a folder or files, and install it; no restart',
  },
  {
    name: 'revoke',
    type: 'string',
    placeholder: 'NAME',
    description: 'revoke a client’s certificates; the first revocation also restarts each member once',
  },
  {
    name: 'crl',
    type: 'string',
    placeholder: 'FILE',
    description:
      'take in the list of revoked certificates of a CA whose key is not here; the first time members are restarted',
  },
  {
    name: 'rotate-ca',
    type: 'boolean',
    description:
      'let members trust a new CA beside the old one, and stop there; one that lies in next/ca.pem is taken',
  },
  {
    name: 'clients-ready',
    type: 'boolean',
    description: 'with --rotate-ca: all clients have the new CA: finish, and drop the old one',
  },
  {
    name: 'again',
    type: 'boolean',
    description:
      'with --rotate-ca: rotate again after a finished rotation, or replace a new CA that was lost',
  },
  {
    name: 'accept-downtime',
    type: 'boolean',
    description: 'the cluster may be down during a restart: for one that has no member to spare',
  },
  {
    name: 'show',
    type: 'string',
    placeholder: 'FILE',
    description: 'print what `cfssl certinfo -cert FILE` prints, and contact no host',
  },
] as const;

/** Which job the flags mean. */
export function jobOf(vars: Vars): CertsJob {
  return JOBS.find((job) => vars[job] !== undefined && vars[job] !== false) ?? 'look';
}

const JOBS = ['renew', 'csr', 'import', 'client', 'revoke', 'crl', 'rotate-ca'] as const;

/** Restarts members, or may, or makes other keys, by which a handshake may fail for a moment: a run asks before. */
export function isAskedFor(vars: Vars): boolean {
  const job = jobOf(vars);
  return ['revoke', 'crl', 'rotate-ca'].includes(job) || (job === 'renew' && vars['new-keys'] === true);
}

/** Flags that only another one gives a meaning to. */
const BELONGS: Readonly<Record<string, readonly CertsJob[]>> = {
  all: ['renew'],
  'new-keys': ['renew'],
  'clients-ready': ['rotate-ca'],
  again: ['rotate-ca'],
  'accept-downtime': ['rotate-ca', 'revoke', 'crl'],
};

/** What can be a client's name: it is the folder of its bundle, and etcd's user where users are switched on. */
const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What is wrong with the command line. */
export function certsProblems(hosts: readonly HostData[], words: readonly string[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const { vars, name: host } = first;
  const wrong = (message: string, hint: string) => [{ host, message, hint }];
  const given = JOBS.filter((job) => vars[job] !== undefined && vars[job] !== false);
  // A request may be for a client that has no bundle yet.
  if (given.length > 1 && given.join() !== 'csr,client')
    return wrong(`one at a time: ${given.map((job) => `--${job}`).join(', ')}`, 'choose one');
  const job = jobOf(vars);
  const stray = Object.keys(BELONGS).find((flag) => vars[flag] === true && !BELONGS[flag]!.includes(job));
  if (stray !== undefined) {
    const owners = BELONGS[stray]!.map((owner) => `--${owner}`).join(' or ');
    return wrong(`--${stray} means nothing here`, `it goes with ${owners}`);
  }
  if (words.length > 0 && !['renew', 'csr', 'import'].includes(job))
    return wrong(`unexpected argument ${words[0]}`, 'names of hosts and clients go with --renew and --csr');
  if (words.length > 0 && vars.all === true) return wrong('--all is all, and names are some', 'choose one');
  if (vars['new-keys'] === true && words.length === 0 && vars.all !== true)
    return wrong('--new-keys for which?', 'name hosts and clients after --renew, or say --all');
  if (job === 'csr' && words.length > 0 && vars.client !== undefined)
    return wrong('--client names one, and the words after --csr name others', 'choose one');
  const dir = job === 'csr' ? String(vars.csr) : undefined;
  if (dir === '' || (dir !== undefined && existsSync(dir) && !statSync(dir).isDirectory()))
    return wrong(
      `${dir === '' ? 'an empty path' : dir} is not a folder`,
      '--csr takes the folder that requests go into',
    );
  const unread = job === 'import' ? unreadable([String(vars.import), ...words]) : undefined;
  if (unread !== undefined)
    return wrong(unread, '--import takes folders and files of certificates, PEM or DER');
  const crl = job === 'crl' ? String(vars.crl) : undefined;
  if (crl !== undefined && (unreadable([crl]) !== undefined || statSync(crl).isDirectory()))
    return wrong(`there is no file ${crl}`, '--crl takes a list of revoked certificates, PEM or DER');
  const isMeant = (clusters: readonly string[]) =>
    vars.cluster === undefined || clusters.includes(String(vars.cluster));
  const shared = job === 'rotate-ca' && sharedPki(hosts).find(({ clusters }) => isMeant(clusters));
  if (shared)
    return wrong(
      `${shared.dir} is the folder of clusters ${shared.clusters.join(' and ')}: a new CA of one would be a stranger's to the other`,
      'give each its own copy of the folder with etcd_pki_dir, then rotate',
    );
  const client = vars.client ?? vars.revoke;
  if (client !== undefined && !CLIENT_NAME.test(String(client))) {
    return wrong(
      `${JSON.stringify(client)} cannot be a client's name`,
      'letters, digits, dots, underscores and dashes, at most 64',
    );
  }
  return [];
}

function unreadable(paths: readonly string[]): string | undefined {
  const missing = paths.find((path) => !existsSync(path));
  return missing === undefined ? undefined : `there is no ${missing === '' ? 'path' : missing}`;
}
