import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Writes how many tests passed, failed and were skipped to the file that COUNTS names. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      // A file that does not even load is a failure, not nothing.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'passed' ? 'passed' : state === 'failed' ? 'failed' : 'skipped']++
      }
    }
    const path = process.env.COUNTS
    if (path !== undefined) writeFileSync(path, JSON.stringify(counts))
  }
}
