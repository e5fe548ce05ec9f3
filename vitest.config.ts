import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      // generous: a busy machine must not make a test red
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 180_000 } },
      { test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], testTimeout: 180_000 } },
      // run by `npm run workflows` alone, which brings act
      { test: { name: 'act', include: ['test/act/**/*.test.ts'], testTimeout: 240_000 } },
      // run by `npm run backends` alone, which brings the servers
      {
        test: {
          name: 'backends',
          include: ['test/backends/**/*.test.ts'],
          globalSetup: ['test/support/engine-setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          globalSetup: ['test/support/engine-setup.ts'],
          fileParallelism: false, // one engine serves all files
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
