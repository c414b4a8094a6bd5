import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, the longest first, as measured. A clean clone knows no durations: vitest then
 * starts with the largest file.
 */
const LONG = [
  ...[
    'runner/resources',
    'runner/firewall',
    'operations/certs',
    'operations/members',
    'runner/package',
    'ownership',
    'site',
    'refusals',
    'member',
  ],
  ...[
    'operations/recover',
    'asked',
    'operations/restore',
    'operations/upgrade',
    'faults',
    'memberFaults',
    'runner/fleet',
    'operations/doctor',
    'minors',
    'operations/backup',
    'runner/local',
  ],
  ...['incidents', 'runner/transport', 'operations/companyCa', 'runner/transportLoss', 'runner/guard'],
].map((name) => `/test/lab/${name}.test.ts`);
const LONG_UNITS = [
  'runner/apply/guard',
  'dsl/shell/wait-until',
  'cli/plan-file/plan-file',
  'runner/plan/left-over',
  'runner/loop',
  'kit/kit',
  'transport/launcher',
  'etcd/health/canary',
  'resources/service/loaded',
  'cli/start/signals',
  'inventory/cli',
  'pki/races',
].map((name) => `/test/unit/${name}.test.ts`);

/** The long files first, so that none of them is left for the end, when all others are done. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const place = [...LONG, ...LONG_UNITS].findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? Number.POSITIVE_INFINITY : place;
    };
    return sorted
      .map((file) => [rank(file), file] as const)
      .sort(([a], [b]) => (a === b ? 0 : a - b))
      .map(([, file]) => file);
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Nothing takes that long; a machine that does other work must not fail what is right.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Half of what the long ones do is waiting, for what has to take its time.
          maxWorkers: 2 * availableParallelism(),
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: 'test/lab/setup.ts',
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // A lab waits for half of its time; four at once make a machine of two cores too slow for what is timed.
          maxWorkers: 3,
        },
      },
    ],
  },
});
