import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { parse, root, sourceFiles } from './imports.ts'

/** One error of the product, as its catalogue declares it. */
export type ErrorCode = {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file: string
}

/** Every error of the product, read from the catalogues in the sources: `errorsOf('scope', { 'name': ['sentence', 'hint'] })`. */
export function errorCodes(): readonly ErrorCode[] {
  return sourceFiles()
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(file))
    .flatMap(cataloguesOf)
    .sort((a, b) => (a.code < b.code ? -1 : 1))
}

/** The text of every test, the contracts' own among them, to look for codes in. */
export function testTexts(): string {
  const solidity = readdirSync(join(root, 'contracts/test')).filter((name) => name.endsWith('.t.sol'))
  const files = [
    ...sourceFiles().filter((file) => /\.test\.ts$/.test(file)),
    ...solidity.map((name) => `contracts/test/${name}`),
  ]
  return files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
}

/**
 * The codes that a text names: as they are, in an expression (`/^keeper\/(lease-gap|lease-forged)$/`), or as Solidity has a
 * contract's refusal, `Market_WrongState`. A longer code that begins alike is another one.
 */
export function codesNamed(text: string): ReadonlySet<string> {
  const plain = [...text.matchAll(/(?<![\w.-]|[\w.]\/)([a-z][a-z0-9-]*)\\?\/([a-z][a-z0-9-]*)(?![\w/]|\.ts)/g)].map(
    ([, scope, name]) => `${scope}/${name}`,
  )
  const either = [...text.matchAll(/(?<![\w.-]|[\w.]\/)([a-z][a-z0-9-]*)\\\/\(([a-z0-9|-]+)\)/g)].flatMap(
    ([, scope, names = '']) => names.split('|').map((name) => `${scope}/${name}`),
  )
  const solidity = [...text.matchAll(/\b([A-Z][a-z]+)_([A-Z]\w*)/g)].map(([, scope = '', name = '']) => {
    const kebab = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
    return `${scope.toLowerCase()}/${kebab}`
  })
  return new Set([...plain, ...either, ...solidity])
}

function cataloguesOf(file: string): readonly ErrorCode[] {
  const found: ErrorCode[] = []
  const source = parse(file)
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'errorsOf') {
      const [scope, entries] = node.arguments
      const literal = entries && objectOf(entries, source)
      if (scope && ts.isStringLiteral(scope) && literal) found.push(...entriesOf(scope.text, literal, file))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

// A catalogue is written in place, or as a constant of the same file.
function objectOf(node: ts.Expression, source: ts.SourceFile): ts.ObjectLiteralExpression | null {
  if (ts.isObjectLiteralExpression(node)) return node
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return objectOf(node.expression, source)
  if (!ts.isIdentifier(node)) return null
  for (const statement of source.statements)
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && name.text === node.text && initializer) return objectOf(initializer, source)
  return null
}

function entriesOf(scope: string, literal: ts.ObjectLiteralExpression, file: string): readonly ErrorCode[] {
  return literal.properties.flatMap((property) => {
    if (!ts.isPropertyAssignment(property) || !ts.isArrayLiteralExpression(property.initializer)) return []
    const name = ts.isStringLiteral(property.name) || ts.isIdentifier(property.name) ? property.name.text : null
    const [message, hint] = property.initializer.elements.map((e) => (ts.isStringLiteralLike(e) ? e.text : ''))
    return name === null ? [] : [{ code: `${scope}/${name}`, message: message ?? '', hint: hint ?? '', file }]
  })
}
