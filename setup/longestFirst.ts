import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Stories of ten minutes and more: two run at a time, and one of these begun last would run on alone.
const longest = ['misfortune', 'kill', 'brokenOff'].map((name) => `e2e/stories/${name}.test.ts`)

/** Begins the longest stories first, whatever the size of their files; all else is as the runner has it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const turnOf = ({ moduleId }: TestSpecification): number => {
      const turn = longest.findIndex((path) => moduleId.endsWith(path))
      return turn === -1 ? longest.length : turn
    }
    return (await super.sort(files)).sort((a, b) => turnOf(a) - turnOf(b))
  }
}
