import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { program } from '../../program.ts';
import { collect } from './host/process.ts';
import type { Lab } from './lab.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** What a run said. */
export interface Said {
  readonly code: number;
  /** `host: user` of the hosts that were reached. */
  readonly users: readonly string[];
  readonly errors: readonly { readonly message: string; readonly hint?: string; readonly host?: string }[];
  /** All of standard output and standard error. */
  readonly text: string;
  readonly seconds: number;
}

export interface Play {
  /** Inventory variables of each host; `ansible_host` is filled in. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
}

/** A user's account on control: a home of its own, without any SSH configuration of this machine's user. */
export class Operator {
  readonly home = mkdtempSync(join(tmpdir(), 'quorate-operator-'));
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** How the lab's hosts are reached when nothing is wrong. */
  get login(): Readonly<Record<string, unknown>> {
    const { keyFile, knownHostsFile } = this.#lab;
    return {
      ansible_user: 'root',
      ansible_ssh_private_key_file: keyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHostsFile}`,
    };
  }

  /** Writes a file into the home; returns its path. */
  file(name: string, text: string): string {
    const path = join(this.home, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Starts a run. */
  start(
    { hosts, args = [], env = {} }: Play,
    wrap: (line: string[]) => string[] = (line) => line,
  ): ChildProcess {
    const addresses = new Map(this.#lab.hosts.map(({ name, address }) => [name, address]));
    const described = Object.entries(hosts).map(([name, vars]) => [
      name,
      { ansible_host: addresses.get(name), ...vars },
    ]);
    const inventory = this.file(
      'inventory.yaml',
      stringify({ all: { hosts: Object.fromEntries(described) } }),
    );
    const playbook = program('test/lab/support/transportPlaybook.ts');
    const line = ['node', playbook, '-i', inventory, '--output', 'json', ...args];
    const [command = '', ...rest] = wrap(line);
    return this.#lab.spawn(command, rest, {
      cwd: ROOT,
      env: { SSH_AUTH_SOCK: undefined, HOME: this.home, ...env },
    });
  }

  /** Runs to the end. */
  async play(play: Play): Promise<Said> {
    return this.said(this.start(play), play.input);
  }

  /** Waits for the end of a run. */
  async said(child: ChildProcess, input?: string): Promise<Said> {
    const began = performance.now();
    const { code, stdout, stderr } = await collect(child, {
      timeoutMs: 120_000,
      ...(input !== undefined && { input }),
    });
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    return {
      code,
      users: events
        .flatMap(({ event, message }) => (event === 'log' ? [/^(\w+) is (\w+)$/.exec(message)] : []))
        .flatMap((match) => (match ? [`${match[1]}: ${match[2]}`] : [])),
      errors: events.filter(({ event }) => event === 'error'),
      text: `${stdout}${stderr}`,
      seconds: (performance.now() - began) / 1000,
    };
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
