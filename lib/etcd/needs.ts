import { sh } from '../dsl/shell/sh.ts';
import type { Task } from '../dsl/task.ts';
import { assert } from '../resources/assert.ts';
import type { Member } from './model/cluster.ts';
import type { RoleName } from './model/role-names.ts';

/** A path that another role makes: fails, and names that role, unless it is there or about to be. */
export function needs(path: string, role: RoleName): Task {
  return isThere(path, `run the role ${role} first: -r ${role}`);
}

/** The program of a member: it fails without, and says who is to bring it. */
export function needsProgram({ binDir }: Member, vars: Readonly<Record<string, unknown>>): Task {
  const path = `${binDir}/etcd`;
  return vars.etcd_source === 'path' ? isThere(path, BRING) : needs(path, 'binaries');
}

/** `hint` says how it gets there. */
function isThere(path: string, hint: string): Task {
  return assert(`${path} is there`, { that: sh`[ -e ${path} ]`, path, message: `${path} is missing`, hint });
}

const BRING =
  'etcd_source is path, so it must be there before a run: put it there, set etcd_bin_dir to where it is, or choose another etcd_source';
