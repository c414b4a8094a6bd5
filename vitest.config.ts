import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
          // A lab mostly waits: three fit a machine of two cores.
          maxWorkers: 3,
        },
      },
    ],
  },
});
