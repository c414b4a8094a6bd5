export { type KeptSnapshots, readSnapshots } from './read.ts';
export type { Snapshot } from './snapshot.ts';
export { snapshotStep } from './step.ts';
