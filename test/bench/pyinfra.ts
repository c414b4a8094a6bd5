import { join } from 'node:path';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Way } from './peer.ts';
import { peerProgram } from './venv.ts';

/** The plain role, all hosts side by side. */
export const pyinfraWay: Way = {
  title: 'pyinfra',
  peer: 'pyinfra',
  lab: 'plain',
  job: ({ lab, pyinfraFile }) => ({
    command: peerProgram('pyinfra'),
    args: [
      '-y',
      '--parallel',
      String(lab.hosts.length),
      pyinfraFile,
      join(CHECKOUT, 'test/bench/plain/plain.py'),
    ],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
  }),
  empty: () => ({ command: peerProgram('pyinfra'), args: ['--version'] }),
  judge({ code, stdout, stderr }) {
    const text = `${stdout}${stderr}`;
    if (code !== 0) throw new Error(`exit code ${code}\n${text.slice(-3000)}`);
    return { changed: text.split('] Success').length - 1 };
  },
};
