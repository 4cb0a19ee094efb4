import { defineConfig } from 'vitest/config'
import { LongestFirst } from './setup/longestFirst.ts'

// Unit tests sit beside their subject; stories that start a whole network each are in e2e.
export default defineConfig({
  test: {
    // A bound on what hangs, not on how fast a machine is: nothing is asserted about speed.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{libs,enclave,host,user,devnet,contracts,walls,bench,examples,setup}/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          testTimeout: 400_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
