import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { parse, root } from './imports.ts'

/** A test that a name stands for: its title with the row's name in its place, what it is made of, and whether it would run. */
export type NamedTest = { readonly title: string; readonly text: string; readonly runs: boolean }

/**
 * The tests of a file that carry a name: as their title, as the name of a row of the table that they are played with, or as
 * a function of a contract's test. Comments and other strings are no tests.
 */
export function testsNamed(file: string, name: string): readonly NamedTest[] {
  return file.endsWith('.sol')
    ? solidityTests(readFileSync(join(root, file), 'utf8'), name)
    : scriptTests(parse(file), name)
}

/** The tests of a parsed source, by name. */
export function scriptTests(source: ts.SourceFile, name: string): readonly NamedTest[] {
  const found: NamedTest[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && node.text === name) {
      const titled = testOf(node)
      if (titled !== null) found.push({ title: name, text: titled.getText(), runs: runs(titled) })
      else if (isRowName(node)) found.push(...tablesOf(node, source).map((test) => rowOf(node, name, test)))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

// A table's first value stands where its title has its first placeholder.
function rowOf(row: ts.Node, name: string, test: ts.CallExpression): NamedTest {
  const [title] = test.arguments
  return {
    title: title && ts.isStringLiteralLike(title) ? title.text.replace(/%s|\$\w+/, () => name) : name,
    text: `${row.parent.getText()}\n${test.getText()}`,
    runs: runs(test),
  }
}

/** The call that this is the title of: `test('…', …)`, `test.each(table)('…', …)`, `describe.each(table)('…', …)`. */
function testOf(title: ts.Node): ts.CallExpression | null {
  const { parent } = title
  return ts.isCallExpression(parent) && parent.arguments[0] === title && namesOfCallee(parent) !== null ? parent : null
}

/** The names that a call of vitest is made with, such as `test`, `skip`, `each`; null where it is none of vitest's. */
function namesOfCallee({ expression }: ts.CallExpression): readonly string[] | null {
  const names: string[] = []
  const visit = (node: ts.Expression): void => {
    if (ts.isCallExpression(node)) visit(node.expression)
    else if (ts.isPropertyAccessExpression(node)) {
      visit(node.expression)
      names.push(node.name.text)
    } else if (ts.isIdentifier(node)) names.push(node.text)
  }
  visit(expression)
  return /^(test|it|describe)$/.test(names[0] ?? '') ? names : null
}

const IDLE = /^(skip|skipIf|runIf|todo|fails)$/

// A test runs where neither it nor a group around it is set aside, and it expects something.
function runs(test: ts.CallExpression): boolean {
  for (let node: ts.Node = test; !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isCallExpression(node)) continue
    if ((namesOfCallee(node) ?? []).some((n) => IDLE.test(n)) || hasIdleOption(node)) return false
  }
  return /\bexpect\w*[.(]/.test(test.getText())
}

const hasIdleOption = (call: ts.CallExpression): boolean =>
  namesOfCallee(call) !== null &&
  call.arguments.some(
    (a) =>
      ts.isObjectLiteralExpression(a) && a.properties.some((p) => p.name !== undefined && IDLE.test(p.name.getText())),
  )

/** The first of a row, which is an array in an array. */
const isRowName = ({ parent }: ts.Node & { readonly parent: ts.Node }): boolean =>
  ts.isArrayLiteralExpression(parent.parent) && ts.isArrayLiteralExpression(parent)

// A table is given to `.each` in place, by the name of a constant, or by way of a function of the same file.
function tablesOf(name: ts.Node, source: ts.SourceFile): readonly ts.CallExpression[] {
  const row = name.parent
  if (!ts.isArrayLiteralExpression(row) || row.elements[0] !== name) return []
  let holder: ts.Node = row.parent.parent
  while (ts.isAsExpression(holder) || ts.isSatisfiesExpression(holder)) holder = holder.parent
  const tables = eachCalls(source)
  if (ts.isVariableDeclaration(holder) && ts.isIdentifier(holder.name)) return givenBy(tables, holder.name.text)
  if (!ts.isCallExpression(holder)) return []
  const direct = tables.filter(({ table }) => table === holder)
  const { expression } = holder
  return direct.length > 0 || !ts.isIdentifier(expression)
    ? direct.map((t) => t.test)
    : tables.filter(({ test }) => isWithin(test, expression.text)).map((t) => t.test)
}

type Each = { readonly table: ts.CallExpression; readonly test: ts.CallExpression }

function eachCalls(source: ts.SourceFile): readonly Each[] {
  const found: Each[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && namesOfCallee(node)?.at(-1) === 'each' && ts.isCallExpression(node.parent))
      found.push({ table: node, test: node.parent })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found.filter(({ table }) => ts.isPropertyAccessExpression(table.expression))
}

const givenBy = (tables: readonly Each[], constant: string): readonly ts.CallExpression[] =>
  tables.filter(({ table }) => table.arguments.some((a) => identifiersIn(a).has(constant))).map((t) => t.test)

function identifiersIn(node: ts.Node): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (at: ts.Node): void => {
    if (ts.isIdentifier(at)) found.add(at.text)
    ts.forEachChild(at, visit)
  }
  visit(node)
  return found
}

function isWithin(node: ts.Node, functionName: string): boolean {
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    if ((ts.isVariableDeclaration(at) || ts.isFunctionDeclaration(at)) && at.name?.getText() === functionName)
      return true
  }
  return false
}

/** The tests of a Solidity source, by the names of their functions. */
export function solidityTests(source: string, name: string): readonly NamedTest[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  return [...code.matchAll(new RegExp(`\\bfunction\\s+${name}\\s*\\(`, 'g'))].map(({ index }) => {
    const text = code.slice(index, endOfBody(code, code.indexOf('{', index)))
    return {
      title: name,
      text,
      runs: /^test/.test(name) && !/\bvm\.skip\b/.test(text) && /\b_?(expect|assert)\w*\(/i.test(text),
    }
  })
}

function endOfBody(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++
    else if (code[at] === '}' && --depth === 0) return at + 1
  }
  return code.length
}
