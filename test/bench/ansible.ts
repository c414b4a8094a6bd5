import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, run } from '../lab/support/host/process.ts';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Job, PeerName } from './options.ts';
import type { Command, Told, Way } from './peer.ts';
import type { Stage } from './stage.ts';
import { mitogenStrategies, peerProgram } from './venv.ts';

const FOLDER = join(CHECKOUT, 'test/bench/ansible');

/** The playbook of the job, under Ansible's own strategy and under Mitogen's. */
export function ansibleWays(job: Job): readonly Way[] {
  const mitogen = { ANSIBLE_STRATEGY: 'mitogen_linear', ANSIBLE_STRATEGY_PLUGINS: mitogenStrategies() };
  return [way(job, 'Ansible', 'ansible', {}), way(job, 'Mitogen', 'mitogen', mitogen)];
}

function way(job: Job, title: string, peer: PeerName, strategy: Command['env']): Way {
  const start = (args: readonly string[], env: Command['env'] = {}) => ({
    command: peerProgram('ansible-playbook'),
    args,
    env: { ANSIBLE_CONFIG: join(FOLDER, 'ansible.cfg'), ...strategy, ...env },
  });
  const file = job === 'etcd' ? join(FOLDER, 'site.yml') : join(CHECKOUT, 'test/bench/plain/plain.yml');
  return {
    title,
    peer,
    lab: job === 'etcd' ? 'ansible' : 'plain',
    job(stage) {
      mkdirSync(sockets(stage), { recursive: true });
      const vars = `bench_control_dir=${stage.controlDir}`;
      const forks = String(stage.lab.hosts.length);
      const args = ['-i', stage.inventoryFile, '-f', forks, '-e', vars, file];
      return start(args, {
        ANSIBLE_SSH_CONTROL_PATH_DIR: sockets(stage),
        ANSIBLE_HOME: join(stage.lab.stateDir, 'ansible'),
      });
    },
    empty: () => start(['--version']),
    judge,
    after: hangUp,
  };
}

/** Kept SSH connections: within a run as Ansible does by default, but not from one run to the next. */
function sockets(stage: Stage): string {
  return join(stage.lab.stateDir, 'cp');
}

async function hangUp(stage: Stage): Promise<void> {
  const folder = sockets(stage);
  const names = readdirSync(folder);
  await Promise.all(
    names.map((name) =>
      run('ssh', ['-F', 'none', '-O', 'exit', '-o', `ControlPath=${join(folder, name)}`, 'x']),
    ),
  );
  await rm(folder, { recursive: true });
}

function judge({ code, stdout, stderr }: Outcome): Told {
  const recap = stdout.split('PLAY RECAP')[1] ?? '';
  const numbers = [...recap.matchAll(/ changed=(\d+) +unreachable=0 +failed=0 /g)];
  if (code !== 0 || numbers.length === 0) {
    throw new Error(`exit code ${code}\n${stderr.slice(-2000)}\n${stdout.slice(-3000)}`);
  }
  return { changed: numbers.reduce((sum, [, changed]) => sum + Number(changed), 0) };
}
