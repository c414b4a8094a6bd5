import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { must, waitFor } from '../support/host/process.ts';
import { DOWNLOAD_URL } from '../support/inventory.ts';
import type { Lab, LabHost } from '../support/lab.ts';
import { type Outcome, runPlaybook } from '../support/playbook.ts';
import { Operator } from '../support/transport.ts';
import { firewallVariable, hasBastion, type MatrixCase } from './dimensions.ts';
import { loginOf, SECOND_PORT } from './hosts.ts';
import { addressOf, hostsLines, type NodeGroup } from './topology.ts';

/** Who runs a case: an account with the inventory, keys, agent and SSH configuration that the case is about. */
export class MatrixOperator {
  readonly home: string;
  readonly #lab: Lab;
  readonly #operator: Operator;
  readonly #choice: MatrixCase;
  readonly #bastion: LabHost;
  readonly #inventory: string;
  readonly #hosts: string;
  #agent: { readonly process: ChildProcess; readonly socket: string } | undefined;

  constructor(lab: Lab, choice: MatrixCase, clusters: readonly NodeGroup[]) {
    this.#lab = lab;
    this.#operator = new Operator(lab);
    this.home = this.#operator.home;
    this.#choice = choice;
    this.#bastion = lab.hosts.at(-1) as LabHost;
    this.#hosts = this.#operator.file('hosts', `127.0.0.1 localhost\n${hostsLines(lab.hosts)}`);
    const known = readFileSync(lab.knownHostsFile, 'utf8').replaceAll(/^(\w+),/gm, '$1,$1.lab,');
    this.#operator.file('.ssh/known_hosts', known);
    if (choice.route !== 'agent') this.#operator.file('keys/lab', readFileSync(lab.keyFile, 'utf8'));
    if (choice.route === 'ssh-config') this.#operator.file('.ssh/config', this.#sshConfig(clusters));
    const text = stringify({ etcd: this.#group(clusters) }, { lineWidth: 0 });
    this.#inventory = this.#operator.file('inventory.yaml', text);
  }

  /** Runs a playbook as this operator. */
  async run(playbook: 'site' | 'status' | 'destroy', args: readonly string[] = []): Promise<Outcome> {
    if (this.#choice.route === 'agent' && this.#agent === undefined) await this.#startAgent();
    return runPlaybook(this.#lab, args, {
      playbook,
      inventory: this.#inventory,
      env: { HOME: this.home, SSH_AUTH_SOCK: this.#agent?.socket },
      // Names are for this machine to resolve, too, and its own /etc/hosts is not ours.
      via: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', WITH_HOSTS, this.#hosts],
    });
  }

  remove(): void {
    this.#agent?.process.kill();
    this.#operator.remove();
  }

  #group(clusters: readonly NodeGroup[]): unknown {
    const { version, route } = this.#choice;
    const children = clusters.map(({ name, nodes, vars }) => [
      name,
      {
        hosts: Object.fromEntries(
          nodes.map((node) => [
            node.name,
            // With the way in ~/.ssh/config, the inventory name is all that SSH needs.
            route === 'ssh-config' ? { etcd_address: node.address } : { ansible_host: node.address },
          ]),
        ),
        vars: { etcd_cluster_name: name, ...vars },
      },
    ]);
    return {
      children: Object.fromEntries(children),
      vars: {
        ...this.#way(),
        etcd_version: version,
        etcd_download_url: DOWNLOAD_URL,
        etcd_allow_unsafe_version: true,
        etcd_firewall: firewallVariable(this.#choice),
      },
    };
  }

  /** Ansible's variables for the login and the way to it. */
  #way(): Readonly<Record<string, unknown>> {
    const { login, route } = this.#choice;
    const become = {
      ...(login !== 'root' && { ansible_become: true }),
      ...(login === 'sudo-password' && { ansible_become_password: 'lab-sudo-pass' }),
    };
    if (route === 'ssh-config') return become;
    const user = { ansible_user: loginOf(this.#choice), ...become };
    if (route === 'agent') return user;
    const jump = hasBastion(this.#choice) ? ` -o ProxyJump=${this.#jump()}` : '';
    return {
      ...user,
      ansible_ssh_private_key_file: 'keys/lab',
      ansible_ssh_common_args: `-o UserKnownHostsFile=.ssh/known_hosts${jump}`,
    };
  }

  #jump(): string {
    const address = addressOf(this.#choice, this.#bastion);
    return `admin@${address.includes(':') ? `[${address}]` : address}`;
  }

  #sshConfig(clusters: readonly NodeGroup[]): string {
    const nodes = clusters.flatMap((cluster) => cluster.nodes);
    return [
      ...nodes.map(({ name, address }) => `Host ${name}\n  HostName ${address}`),
      `Host bastion\n  HostName ${addressOf(this.#choice, this.#bastion)}\n  User admin`,
      `Host ${nodes.map(({ name }) => name).join(' ')}`,
      `  Port ${SECOND_PORT}`,
      `  User ${loginOf(this.#choice)}`,
      '  ProxyJump bastion',
      'Host *',
      '  IdentityFile ~/keys/lab',
      '  IdentitiesOnly yes',
      '',
    ].join('\n');
  }

  async #startAgent(): Promise<void> {
    const socket = join(this.home, 'agent');
    this.#agent = { process: this.#lab.spawn('ssh-agent', ['-D', '-a', socket]), socket };
    await waitFor('the agent', 5000, () => existsSync(socket) || undefined);
    await must('ssh-add', ['-q', this.#lab.keyFile], { env: { SSH_AUTH_SOCK: socket } });
  }
}

const WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"';
