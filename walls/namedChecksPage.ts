// The page of named checks. Written by: node walls/namedChecksPage.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './imports.ts'
import { namedChecks } from './namedChecks.ts'

/** `docs/internals/checks.md`, from the list. */
export function namedChecksPage(): string {
  const rows = namedChecks.map(
    ({ check, code, file, test }) => `| ${check} | ${code === null ? '–' : `\`${code}\``} | \`${file}\`: ${test} |`,
  )
  return [
    '# Bad input and bad luck, and the test of each check',
    '',
    'Written by `node walls/namedChecksPage.ts`; a test holds the list against the sources. Codes of single refusals are in',
    '[error codes](../reference/error-codes.md), each with a test of its own.',
    '',
    '| what | refused as | test |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, 'docs/internals/checks.md'), namedChecksPage())
