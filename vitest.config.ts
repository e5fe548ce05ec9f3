import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          globalSetup: ['test/support/engine-setup.ts'],
          fileParallelism: false, // one engine serves all files
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
