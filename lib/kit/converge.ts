import { runOn } from '../cli/embedded.ts';
import type { Outcome } from '../cli/playbook-run.ts';
import type { HostFacts } from '../dsl/host-facts.ts';
import { plainPlay } from '../dsl/plain-play.ts';
import type { Role, Vars } from '../dsl/role.ts';
import { connectLocal } from '../transport/local.ts';
import type { LabHost } from './lab-host.ts';

/** What became of a role on a host: checked, applied, and checked again. */
export interface Convergence {
  readonly check: Outcome;
  readonly apply: Outcome;
  readonly again: Outcome;
}

/**
 * Checks the roles on the host, applies them and checks once more: `dry → apply → dry`. A role is right when the apply
 * changes what the check has said, and the second check finds nothing; `toConverge` says so.
 *
 * @example
 * expect(await converge(host, [motd], { motd_text: 'Be kind.' })).toConverge();
 */
export async function converge(
  host: LabHost,
  roles: readonly Role<HostFacts>[],
  vars: Vars = {},
): Promise<Convergence> {
  const play = plainPlay({ name: 'lab', hosts: 'all', roles });
  const run = () =>
    runOn(
      { name: 'lab', plays: [{ ...play, stateDir: () => '/var/lib/quorate/lab' }] },
      { inventory: 'lab,', extraVars: { ...vars, ansible_connection: 'local' } },
      { connect: async (connection) => connectLocal(connection, host.spawn) },
    );
  return { check: await run().plan(), apply: await run().apply(), again: await run().plan() };
}
