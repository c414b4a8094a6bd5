import { join } from 'node:path';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Way } from './peer.ts';

/** The same by hand with bash and OpenSSH: what there is to reach on these hosts. */
export const limitWay: Way = {
  title: 'bash + OpenSSH',
  peer: 'limit',
  lab: 'limit',
  job({ lab, hostsFile, controlDir, tarball }) {
    const script = join(CHECKOUT, 'test/bench/limit/limit.sh');
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
    return {
      command: 'bash',
      args: [script, hostsFile, controlDir, tarball, '-F', 'none', '-i', lab.keyFile, ...ssh],
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
