import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files that take minutes. A clean clone knows no durations: vitest then starts with the largest file. */
const LONG = /\/(?:matrix|local)\.test\.ts$/;

/** The long files first, so that none of them is left for the end, when all others are done. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
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
          testTimeout: 20_000,
          // One a core: by default one is left out, which is half of a machine of two.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: 'test/lab/setup.ts',
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // A lab mostly waits, but three at once make a machine of two cores too slow for what is timed.
          maxWorkers: 2,
        },
      },
    ],
  },
});
