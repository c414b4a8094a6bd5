/** What `import … from 'quorate/etcd'` gives: the roles of an etcd cluster, and the play that runs them. */
import type { Play } from '../lib/dsl/play.ts';
import type { Role } from '../lib/dsl/role.ts';
import * as ours from '../lib/etcd/play.ts';
import * as backupsRole from '../roles/backups.ts';
import * as binariesRole from '../roles/binaries.ts';
import * as certsRole from '../roles/certs.ts';
import * as configRole from '../roles/config.ts';
import * as firewallRole from '../roles/firewall.ts';
import * as systemdRole from '../roles/systemd.ts';
import * as verifyRole from '../roles/verify.ts';

/**
 * What is read of a member's host, for the roles here alone: the one field tells it from what other roles ask for. All
 * of it would bring the types of half the program into the package.
 */
export interface MemberFacts {
  readonly dataOwner: string | undefined;
}

export const etcdPlay: (name: string, roles: readonly Role<MemberFacts>[]) => Play<MemberFacts> =
  ours.etcdPlay;
export const backups: Role<MemberFacts> = backupsRole.backups;
export const binaries: Role<MemberFacts> = binariesRole.binaries;
export const certs: Role<MemberFacts> = certsRole.certs;
export const config: Role<MemberFacts> = configRole.config;
export const firewall: Role<MemberFacts> = firewallRole.firewall;
export const systemd: Role<MemberFacts> = systemdRole.systemd;
export const verify: Role<MemberFacts> = verifyRole.verify;
