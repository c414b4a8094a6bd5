/** What `import … from 'quorate'` gives: the DSL, the resources, and what runs a playbook. */
export { type PlaybookOptions, playbook } from '../lib/cli/playbook.ts';
export type { Outcome, PlaybookRun, RunOptions } from '../lib/cli/playbook-run.ts';
export { run } from '../lib/cli/run.ts';
export { type BlockOptions, block } from '../lib/dsl/block.ts';
export { defineEdit, type Edited, type EditOptions } from '../lib/dsl/edit.ts';
export type { FactName, Family, HostFacts, Mount, UserFact } from '../lib/dsl/host-facts.ts';
export { type Gate, inSeries, type Series, type Turn } from '../lib/dsl/in-series.ts';
export { contentMark } from '../lib/dsl/mark.ts';
export { is, must, type OptionTable, type Shape } from '../lib/dsl/options/options.ts';
export type { TaskOptions } from '../lib/dsl/options/task-options.ts';
export { type PlainPlay, play } from '../lib/dsl/plain-play.ts';
export type { Play, Playbook, PlayHost, PlayRun, Strategy } from '../lib/dsl/play.ts';
export {
  type Difference,
  defineResource,
  type Resource,
  type TaskMaker,
} from '../lib/dsl/resource.ts';
export {
  type FactSource,
  type Role,
  type RoleTarget,
  role,
  type VarSchema,
  type Vars,
} from '../lib/dsl/role.ts';
export { Secret } from '../lib/dsl/secret.ts';
export { joinSh, raw, type Sh, sh } from '../lib/dsl/shell/sh.ts';
export type { HostShell } from '../lib/dsl/shell/shell.ts';
export type { ClusterState } from '../lib/dsl/states/cluster-state.ts';
export type { Change, Mark, Reading, Task } from '../lib/dsl/task.ts';
export { UNKNOWN, World } from '../lib/dsl/world/world.ts';
export { EXIT, type ExitCode, QuorateError, QuorateErrors } from '../lib/errors.ts';
export * from '../lib/resources/index.ts';
export type { RunEvent } from '../lib/runner/events.ts';
