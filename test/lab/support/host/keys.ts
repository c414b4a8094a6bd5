import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './process.ts';
import { type LabHost, labDir } from './record.ts';

/** The private key that every host of a lab accepts for root, admin and ops. */
export function keyFile(stateDir: string): string {
  return join(stateDir, 'id_ed25519');
}

/** The host keys of a lab, by address and by name. */
export function knownHostsFile(stateDir: string): string {
  return join(stateDir, 'known_hosts');
}

/** A host's own private key. It outlives a reset, so known_hosts stays right. */
export function hostKeyFile(lab: string, host: string): string {
  return join(labDir(lab), 'hostkeys', host);
}

/** Makes the lab's key and a key of its own for each host, and writes known_hosts from those. */
export async function createKeys(lab: string, stateDir: string, hosts: readonly LabHost[]): Promise<void> {
  mkdirSync(join(labDir(lab), 'hostkeys'), { recursive: true, mode: 0o700 });
  await keygen(keyFile(stateDir), `lab-${lab}`);
  await Promise.all(hosts.map((host) => keygen(hostKeyFile(lab, host.name), `root@${host.name}`)));
  writeFileSync(knownHostsFile(stateDir), hosts.map((host) => knownHost(lab, host)).join(''));
}

function knownHost(lab: string, { name, address, address6 }: LabHost): string {
  const [type, key] = readFileSync(`${hostKeyFile(lab, name)}.pub`, 'utf8').split(' ');
  return `${name},${address},${address6} ${type} ${key}\n`;
}

async function keygen(file: string, comment: string): Promise<void> {
  await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}
