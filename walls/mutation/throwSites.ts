import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { type ErrorCode, errorCodes } from '../errorCodes.ts'
import { parse, root, sourceFiles } from '../imports.ts'

/** A file of the product as it is with one check less; `place` says which, as file and line. */
export type Mutant = { readonly file: string; readonly place: string; readonly text: string }

// Read once: they are in all of the sources.
let codes: readonly ErrorCode[] | undefined
let sources: ReadonlyMap<string, string> | undefined

/** Every place where the product refuses with a code, each taken away alone: what was thrown or returned there is not. */
export function throwSites(code: string): readonly Mutant[] {
  codes ??= errorCodes()
  const declared = codes.filter((e) => e.code === code)
  return [...declared.flatMap(scriptSites), ...solidityFiles().flatMap((file) => soliditySites(file, code))]
}

/**
 * The places of a source where `throw fail('name', …)` stands, or `return fail('name', …)`; `isFail` says which functions make
 * such an error.
 */
export function throwsOf(source: ts.SourceFile, name: string, isFail: (callee: string) => boolean): readonly ts.Node[] {
  const found: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    if (
      (ts.isThrowStatement(node) || ts.isReturnStatement(node)) &&
      node.expression &&
      ts.isCallExpression(node.expression)
    ) {
      const { expression: callee, arguments: given } = node.expression
      const [first] = given
      if (ts.isIdentifier(callee) && isFail(callee.text) && first && ts.isStringLiteral(first) && first.text === name)
        found.push(node)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The places of a contract where it reverts with an error. */
export function revertsOf(source: string, error: string): readonly { readonly start: number; readonly end: number }[] {
  const statement = new RegExp(`\\brevert\\s+(?:\\w+\\.)?${error}\\s*\\([^;]*\\)\\s*;`, 'g')
  return [...source.matchAll(statement)].map(({ index, 0: text }) => ({ start: index, end: index + text.length }))
}

function scriptSites({ code, file: catalogue }: ErrorCode): readonly Mutant[] {
  const name = code.slice(code.indexOf('/') + 1)
  sources ??= new Map(
    sourceFiles()
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  )
  return [...sources]
    .filter(([, text]) => text.includes(`'${name}'`))
    .flatMap(([file]) => {
      const source = parse(file)
      const makers = makersOf(source, file, catalogue)
      return throwsOf(source, name, (callee) => makers.has(callee)).map((node) =>
        without(file, source.text, { start: node.getStart(), end: node.end }),
      )
    })
}

function soliditySites(file: string, code: string): readonly Mutant[] {
  const [scope = '', name = ''] = code.split('/')
  const camel = (kebab: string): string => kebab.replace(/(?:^|-)([a-z0-9])/g, (_, c: string) => c.toUpperCase())
  const source = readFileSync(join(root, file), 'utf8')
  return revertsOf(source, `${camel(scope)}_${camel(name)}`).map((range) => without(file, source, range))
}

// An empty block stands wherever a statement may, in both languages.
function without(file: string, text: string, { start, end }: { start: number; end: number }): Mutant {
  const line = text.slice(0, start).split('\n').length
  return { file, place: `${file}:${line}`, text: `${text.slice(0, start)}{}${text.slice(end)}` }
}

/** What a file calls the function that makes a catalogue's errors: its own constant, or what it imports from the catalogue. */
function makersOf(source: ts.SourceFile, file: string, catalogue: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const statement of source.statements) {
    if (file === catalogue && ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (initializer && ts.isCallExpression(initializer) && initializer.expression.getText() === 'errorsOf')
          names.add(name.getText())
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    if (normalize(join(dirname(file), statement.moduleSpecifier.text)) !== catalogue) continue
    const { namedBindings } = statement.importClause ?? {}
    if (namedBindings && ts.isNamedImports(namedBindings))
      for (const { name } of namedBindings.elements) names.add(name.text)
  }
  return names
}

const solidityFiles = (): readonly string[] =>
  readdirSync(join(root, 'contracts/src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sol'))
    .map((name) => `contracts/src/${name}`)
    .sort()
