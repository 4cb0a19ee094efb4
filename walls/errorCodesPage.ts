import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes } from './errorCodes.ts'
import { root } from './imports.ts'

/** docs/reference/error-codes.md: every code, its sentence, its hint. `node walls/errorCodesPage.ts` writes it anew. */
export function errorCodesPage(): string {
  const rows = errorCodes().map(({ code, message, hint }) => `| \`${code}\` | ${cell(message)} | ${cell(hint)} |`)
  return [
    '# Error codes',
    '',
    'Generated from the catalogues in the sources. A code is stable; its sentence may be reworded.',
    '',
    '| code | what happened | what to do |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(root, 'docs/reference'), { recursive: true })
  writeFileSync(join(root, 'docs/reference/error-codes.md'), errorCodesPage())
}
