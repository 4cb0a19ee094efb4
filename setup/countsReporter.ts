import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import type { TestCounts } from '../contracts/forgeTest.ts'

/** Writes how many tests passed, failed and were skipped, and which failed why, to the file that COUNTS names. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] }
    const fail = (where: string, errors: readonly unknown[]): void => {
      counts.failed++
      counts.failures.push(`${where}: ${errors.map(firstLine).join('; ')}`)
    }
    for (const error of unhandled) fail('outside of any test', [error])
    for (const module of modules) {
      // A file that does not even load is a failure, not nothing.
      if (module.errors().length > 0) fail(module.relativeModuleId, module.errors())
      for (const suite of module.children.allSuites())
        if (suite.errors().length > 0) fail(`${module.relativeModuleId} ${suite.fullName}`, suite.errors())
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === 'failed') fail(`${module.relativeModuleId} ${test.fullName}`, errors)
        else counts[state === 'passed' ? 'passed' : 'skipped']++
      }
    }
    const path = process.env.COUNTS
    if (path !== undefined) writeFileSync(path, JSON.stringify(counts))
  }
}

function firstLine(error: unknown): string {
  const { message = error } = (error ?? {}) as { readonly message?: unknown }
  return (String(message).split('\n')[0] ?? '').slice(0, 300)
}
