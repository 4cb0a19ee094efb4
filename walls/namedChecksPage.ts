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
    'Written by `node walls/namedChecksPage.ts`. A test reads that each test named here is one, is not set aside, expects',
    'something and names its code. That it fails without its check, `node walls/mutation/mutateNamedChecks.ts` shows: it takes',
    'each check away in a copy of the tree; with `--stories`, those of `e2e` too. All codes:',
    '[error codes](../reference/error-codes.md).',
    '',
    '| what | refused as | test |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, 'docs/internals/checks.md'), namedChecksPage())
