import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Stories of ten minutes and more: two run at a time, and one of these begun last would run on alone.
const longest = ['misfortune', 'kill', 'brokenOff'].map((name) => `e2e/stories/${name}.test.ts`)

/** Begins the longest stories first, whatever the size of their files; all else is as the runner has it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const turnOf = ({ moduleId }: TestSpecification): number => {
      const turn = longest.findIndex((path) => moduleId.endsWith(path))
      return turn === -1 ? longest.length : turn
    }
    return (await super.sort(files)).sort((a, b) => turnOf(a) - turnOf(b))
  }
}

// Nothing in these changes what a file after them finds, so that they need no process each.
const pure = ['libs/{protocol,chain,channel,models}/**/*.test.ts']

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
          exclude: ['**/node_modules/**', ...pure],
        },
      },
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
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
