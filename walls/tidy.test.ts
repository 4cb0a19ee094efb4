import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { importsOf, parse, root, sourceFiles } from './imports.ts'
import { packages } from './packages.ts'

const isTest = (file: string) => /\.test\.ts$|\/testing\/|\/fixtures?\//.test(file)
const files = sourceFiles()
const product = files.filter((file) => !isTest(file) && file.endsWith('.ts'))

const entryFile = new Map(
  packages.flatMap(({ name, folder, entries }) => {
    const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      exports: Record<string, string>
    }
    return entries.map((entry) => [entry, join(folder, exports[`.${entry.slice(name.length)}`] ?? '')] as const)
  }),
)

function targetOf(file: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier))
  const entry = entryFile.get(specifier)
  return entry === undefined ? null : normalize(entry)
}

const targets = new Map(
  files.map((file) => [
    file,
    importsOf(file).flatMap(({ specifier }) => (specifier === null ? [] : (targetOf(file, specifier) ?? []))),
  ]),
)

describe('the house is tidy', () => {
  test('every import leads to a file', () => {
    const broken = [...targets].flatMap(([file, to]) =>
      to.filter((t) => !existsSync(join(root, t))).map((t) => `${file} -> ${t}`),
    )
    expect(broken).toEqual([])
  })

  test('no package depends on itself by way of others', () => {
    const folderOf = (file: string) => packages.find(({ folder }) => file.startsWith(`${folder}/`))?.folder
    const edges = new Map<string, Set<string>>()
    for (const [file, to] of targets) {
      if (isTest(file)) continue
      const from = folderOf(file)
      for (const t of to) {
        const target = folderOf(t)
        if (from && target && from !== target) edges.set(from, (edges.get(from) ?? new Set()).add(target))
      }
    }
    expect(cycles(edges)).toEqual([])
  })

  test('no file loads itself by way of others', () => {
    const edges = new Map(
      product.map((file) => [
        file,
        new Set(
          importsOf(file).flatMap(({ specifier, loads }) =>
            specifier === null || loads !== 'with its file' ? [] : (targetOf(file, specifier) ?? []),
          ),
        ),
      ]),
    )
    expect(cycles(edges)).toEqual([])
  })

  test('no export is unused', () => {
    const used = new Set(files.flatMap(namesImported))
    const entries = new Set(entryFile.values())
    const bins = /(^|\/)(main(\.[a-z]+)?|index|run|check|test|countsReporter|allod|build|generate|train)\.ts$/
    const unused = product
      .filter((file) => !entries.has(file) && !bins.test(file))
      .flatMap((file) =>
        exportsOf(file)
          .filter((name) => !used.has(name) && mentions(file, name) < 2)
          .map((name) => `${file}: ${name}`),
      )
    expect(unused).toEqual([])
  })

  test('files and functions are short: long ones are named, very long ones refused', () => {
    const longerThan = (fileLines: number, functionLines: number) =>
      product.flatMap((file) => {
        const source = parse(file)
        const lines = source.getLineAndCharacterOfPosition(source.end).line
        return [
          ...(lines > fileLines && !/\/abi\.ts$/.test(file) ? [`${file}: ${lines} lines`] : []),
          ...longFunctions(source, file, functionLines),
        ]
      })
    console.info(`longer than 250 lines, or a function of more than 70:\n  ${longerThan(250, 70).join('\n  ')}`)
    expect(longerThan(350, 120)).toEqual([])
  })
})

function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const found: string[] = []
  const visit = (node: string, path: readonly string[], done: Set<string>): void => {
    if (path.includes(node)) found.push([...path.slice(path.indexOf(node)), node].join(' -> '))
    if (path.includes(node) || done.has(node)) return
    for (const next of edges.get(node) ?? []) visit(next, [...path, node], done)
    done.add(node)
  }
  const done = new Set<string>()
  for (const node of edges.keys()) visit(node, [], done)
  return found
}

// Every identifier that any other file names, in an import, an export or a property: a name used nowhere else is dead.
function namesImported(file: string): readonly string[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) names.push((node.propertyName ?? node.name).text)
    if (ts.isPropertyAccessExpression(node)) names.push(node.name.text)
    if (ts.isQualifiedName(node)) names.push(node.right.text)
    ts.forEachChild(node, visit)
  }
  visit(parse(file))
  return names
}

// How often a file names one of its own exports, its declaration included.
function mentions(file: string, name: string): number {
  let count = 0
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name) count++
    ts.forEachChild(node, visit)
  }
  visit(parse(file))
  return count
}

function exportsOf(file: string): readonly string[] {
  return parse(file).statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
    if (!isExported) return []
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap((d) => (ts.isIdentifier(d.name) ? [d.name.text] : []))
    const { name } = statement as ts.FunctionDeclaration
    // A type that only its own file and its callers' inference use still documents a signature.
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)
    return name && !isType ? [name.text] : []
  })
}

function longFunctions(source: ts.SourceFile, file: string, most: number): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isArrowFunction(node)) {
      const lines =
        source.getLineAndCharacterOfPosition(node.end).line -
        source.getLineAndCharacterOfPosition(node.getStart()).line +
        1
      if (lines > most) found.push(`${relative(root, join(root, file))}: ${nameOf(node)} has ${lines} lines`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const nameOf = (node: ts.FunctionDeclaration | ts.MethodDeclaration | ts.ArrowFunction): string => {
  const { parent } = node
  if (ts.isArrowFunction(node)) return ts.isVariableDeclaration(parent) ? parent.name.getText() : 'a function'
  return node.name?.getText() ?? 'a function'
}
