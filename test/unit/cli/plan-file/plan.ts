import { FORMAT, type Plan } from '../../../../lib/cli/plan-file/format.ts';

/** A plan of nothing at all. */
export const BARE: Plan = {
  format: FORMAT,
  time: '2026-11-27T12:00:00.000Z',
  runId: 'r',
  by: 'lena@laptop',
  playbook: 'web',
  code: { version: '0.1.0', own: 'sha256:0', files: {} },
  inventory: { files: {} },
  options: {
    inventory: [],
    local: false,
    limit: null,
    shard: null,
    roles: [],
    tags: [],
    skipTags: [],
    prune: false,
    words: [],
    own: {},
  },
  secrets: { salt: '', cost: 2, blockSize: 8, parallelization: 1 },
  hosts: [],
  tasks: [],
  steps: [],
};
