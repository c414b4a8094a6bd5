import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileCache, node } from '../lab/support/nodes.ts';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Job } from './options.ts';
import type { Command, Way } from './peer.ts';

const FOLDER = join(CHECKOUT, 'test/bench');

/** What there is to reach on these hosts: by hand with bash and OpenSSH, and with ssh2 in as many lines as that takes. */
export function limitWays(job: Job): readonly Way[] {
  return [
    byBash(job),
    // With the cache of compiled modules that our own program turns on, too.
    ...(
      [
        ['ssh2, node 20', process.execPath, {}],
        ['ssh2, node 24', node(24), { NODE_COMPILE_CACHE: compileCache() }],
      ] as const
    ).map(([title, node, env]) => bySsh2(job, title, node, env)),
  ];
}

function byBash(job: Job): Way {
  return {
    title: 'bash + OpenSSH',
    peer: 'limit',
    lab: job === 'etcd' ? 'limit' : 'plain',
    job({ lab, hostsFile, controlDir, tarball }) {
      const script = join(FOLDER, job === 'etcd' ? 'limit/limit.sh' : 'plain/limit.sh');
      const options = {
        UserKnownHostsFile: lab.knownHostsFile,
        GlobalKnownHostsFile: '/dev/null',
        StrictHostKeyChecking: 'yes',
        IdentitiesOnly: 'yes',
        BatchMode: 'yes',
        ConnectTimeout: '10',
        // OpenSSH's default has a second, post-quantum part for 20 ms CPU on either side; ssh2 has none.
        KexAlgorithms: 'curve25519-sha256',
      };
      const ssh = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
      const own = job === 'etcd' ? [controlDir, tarball] : [];
      return {
        command: 'bash',
        args: [script, hostsFile, ...own, '-F', 'none', '-i', lab.keyFile, ...ssh],
      };
    },
    empty: () => ({ command: 'bash', args: ['-c', ':'] }),
    judge({ code, stdout, stderr }) {
      const [, changed, trips] = /^healthy, changed=(\d+) trips=(\d+)$/m.exec(stdout) ?? [];
      if (code !== 0 || changed === undefined)
        throw new Error(`exit code ${code}\n${stderr.slice(-2000)}\n${stdout.slice(-2000)}`);
      return { changed: Number(changed), roundTrips: Number(trips) };
    },
  };
}

/** Facts, then what is there: the exchanges of our own run that changes nothing. It judges nothing. */
function bySsh2(job: Job, title: string, node: string, env: Command['env']): Way {
  const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
  const probe = job === 'etcd' ? `${read('limit/probe.sh')}\nprobe {address}` : read('plain/probe.sh');
  const facts = 'cat /etc/os-release; uname -rm; id -u; nproc';
  const script = join(FOLDER, 'limit/ssh2.mjs');
  return {
    title,
    peer: 'limit',
    lab: job === 'etcd' ? 'limit' : 'plain',
    only: 'no-change',
    job: ({ lab, hostsFile }) => ({
      command: node,
      args: [script, hostsFile, lab.keyFile, lab.knownHostsFile, facts, probe],
      env,
    }),
    empty: () => ({ command: node, args: ['-e', ''] }),
    judge({ code, stderr }) {
      if (code !== 0) throw new Error(`exit code ${code}\n${stderr.slice(-2000)}`);
      return { changed: 0, roundTrips: 2 };
    },
  };
}
