import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../../program.ts';
import { scratch } from './scratch.ts';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's repository with a playbook of its own, whose hosts are this machine. */
export class Project {
  readonly dir: string;

  /** `body` is the playbook, which has the whole DSL by name and `dir`, where hosts keep what roles make. */
  constructor(body: string, hosts: readonly string[] = ['a', 'b'], dir: string = scratch()) {
    this.dir = dir;
    this.write('package.json', '{ "type": "module" }');
    mkdirSync(join(this.dir, 'made'));
    this.write(
      'web.js',
      `import { Secret, command, directory, file, line, play, playbook, role, sh, user } from '${program('test/unit/cli/dslPlaybook.ts')}';
const dir = ${JSON.stringify(join(this.dir, 'made'))};
${body}`,
    );
    this.inventory(hosts);
  }

  inventory(hosts: readonly string[], vars: Readonly<Record<string, unknown>> = {}): void {
    const all = { ansible_connection: 'local', ...vars };
    // A host whose name begins with `far` is this machine, too, until `-e way=ssh` says that nothing answers there.
    const far = {
      ansible_connection: "{{ way | default('local') }}",
      ansible_host: '127.0.0.1',
      ansible_port: 1,
    };
    const named = Object.fromEntries(hosts.map((host) => [host, host.startsWith('far') ? far : {}]));
    this.write('inventory.yaml', JSON.stringify({ all: { hosts: named, vars: all } }));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  has(name: string): boolean {
    return existsSync(join(this.dir, name));
  }

  run(...args: readonly string[]): Ended {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(this.dir, 'web.js'), ...args], {
      cwd: this.dir,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  }
}
