import { defineConfig } from 'vitest/config'

// Two projects: `unit` runs from src (vitest transpiles), `dist` runs what spawns processes and
// workers, because their entry files are real files that exist only after a build.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,contract,simulation,fuzz}/**/*.test.ts'],
          testTimeout: 20_000,
          // Vitest leaves one core to itself, which is half of the machine that CI has.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'dist',
          include: ['test/{integration,types}/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
          // After the unit tests, so that spawned instances have both cores to themselves.
          sequence: { groupOrder: 1 },
          // Most of their time they wait for processes to start and to end.
          maxWorkers: 4,
          globalSetup: ['test/support/nothing-left-behind.ts'],
        },
      },
    ],
  },
})
