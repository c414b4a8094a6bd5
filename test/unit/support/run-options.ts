import type { RunOptions } from '../../../lib/runner/session.ts';

/** A run of all roles on all hosts that are selected; what a test is about comes after these. */
export const WHOLE_RUN: Omit<RunOptions, 'select' | 'sink'> = {
  inventoryFiles: [],
  limit: () => true,
  check: false,
  detailedExitcode: false,
  forks: 5,
  roles: { includes: () => true, explicit: false },
};
