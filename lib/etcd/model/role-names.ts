/** Roles that make everything a member's start needs, in the order of the playbooks. */
const BEFORE_START = ['firewall', 'certs', 'binaries', 'config'] as const;

/** Roles that start the member, or need one that runs. */
const FROM_START = ['systemd', 'backups', 'verify'] as const;

/** Names of the roles of a member: operations pick tasks by them, and commands that we print name them. */
export const ROLE_NAMES = [...BEFORE_START, ...FROM_START] as const;

export type RoleName = (typeof ROLE_NAMES)[number];

/**
 * Whether a planned task belongs to this role.
 *
 * @example
 * await host.apply((planned) => isOf(planned, 'firewall'));
 */
export function isOf({ role }: { readonly role: string }, name: RoleName): boolean {
  return role === name;
}

/** Whether a planned task may only be carried out once the member is allowed to start. */
export function isFromStart({ role }: { readonly role: string }): boolean {
  return (FROM_START as readonly string[]).includes(role);
}
