import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/** The checkout's root. */
export const root = dirname(import.meta.dirname)

/**
 * One `import`, `export from` or `import()` as written; `specifier` is null for a computed one. What it names is loaded with
 * its file, later, or never where it brings types only.
 */
export type Import = {
  readonly file: string
  readonly specifier: string | null
  readonly loads: 'with its file' | 'later' | 'never'
}

/** The folders that hold our code; each is a zone or beside the zones. */
export const places = [
  'libs',
  'enclave',
  'host',
  'user',
  'contracts',
  'devnet',
  'e2e',
  'bench',
  'examples',
  'setup',
  'walls',
] as const

/** Every TypeScript and plain module file of the project, relative to the root, tests included. */
export function sourceFiles(): readonly string[] {
  const walk = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
      const path = join(dir, entry.name)
      if (entry.isDirectory()) return walk(path)
      return /\.(ts|mjs|tsx)$/.test(entry.name) ? [relative(root, path)] : []
    })
  return places.flatMap((place) => walk(join(root, place)))
}

const parsed = new Map<string, ts.SourceFile>()

/** The parsed source of a file. */
export function parse(file: string): ts.SourceFile {
  const source = parsed.get(file) ?? read(file)
  parsed.set(file, source)
  return source
}

const read = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)

/** Every import of a file, dynamic ones too. */
export function importsOf(file: string): readonly Import[] {
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    )
      found.push({ file, specifier: node.moduleSpecifier.text, loads: isErased(node) ? 'never' : 'with its file' })
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      found.push({ file, specifier: argument && ts.isStringLiteral(argument) ? argument.text : null, loads: 'later' })
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal))
      found.push({ file, specifier: node.argument.literal.text, loads: 'never' })
    ts.forEachChild(node, visit)
  }
  visit(parse(file))
  return found
}

function isErased(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  const clause = node.importClause
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const { namedBindings, name } = clause
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((e) => e.isTypeOnly)
  )
}
