import type { Resource } from '../../dsl/resource.ts';
import type { Guard } from '../../dsl/task.ts';
import type { FirewallDesired, FirewallOptions } from './rules.ts';

/** What differs between firewalls. */
export type FirewallBackend<Observed> = Pick<
  Resource<FirewallOptions, FirewallDesired, Observed>,
  'probe' | 'parse' | 'diff' | 'apply'
> & { guard(desired: FirewallDesired): Guard };
