import ts from 'typescript'

/** One check that can be taken away. */
export type Mutant = {
  readonly id: number
  readonly file: string
  readonly line: number
  /** guard: one that throws or says no; part: one of several reasons of a guard, or of several conditions. */
  readonly kind: 'guard' | 'part' | 'call' | 'verdict'
  /** The source of what is taken away, on one line. */
  readonly text: string
}

/** What a file calls once its mutants are built in; which of them is in force is set outside. */
export type MutationHooks = {
  /** Asked only where the answer matters: where the check would refuse. True where the check is taken away. */
  mutation: (id: number) => boolean
  /** Turns a check's result into a pass where it is taken away. */
  verdict: <T extends { readonly result?: unknown }>(id: number, check: T) => T
}

/**
 * A file with all of its mutants built in, each behind a question to `globalThis`, so that one loading of the modules serves
 * every mutant, and tests show by asking which of them they can tell apart.
 *
 * Taken away are: the condition of an `if` that throws, or returns false or null, and each of its reasons where it has several;
 * each condition of a conjunction; each statement that calls `require…`; the result of each check of an appraisal.
 * @param firstId ids count on from here
 */
export function mutantsOf(file: string, text: string, firstId: number): { text: string; mutants: readonly Mutant[] } {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const makers = checkMakers(source)
  const mutants: Mutant[] = []
  const add = (node: ts.Node, kind: Mutant['kind']): number => {
    const id = firstId + mutants.length
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    mutants.push({ id, file, line, kind, text: node.getText().replace(/\s+/g, ' ').slice(0, 160) })
    return id
  }
  const render = (node: ts.Node): string => {
    let out = ''
    let at = node.getStart()
    ts.forEachChild(node, (child) => {
      out += text.slice(at, child.getStart()) + render(child)
      at = child.end
    })
    return wrapped(node, out + text.slice(at, node.end))
  }
  const wrapped = (node: ts.Node, out: string): string => {
    if (isRequirement(node)) return `if (!globalThis.mutation(${add(node, 'call')})) ${out}`
    if (isVerdict(node, makers)) return `globalThis.verdict(${add(node, 'verdict')}, ${out})`
    if (!ts.isExpression(node)) return out
    const guarded = isGuard(node) ? `((${out}) && !globalThis.mutation(${add(node, 'guard')}))` : out
    if (isReason(node)) return `((${guarded}) && !globalThis.mutation(${add(node, 'part')}))`
    if (isCondition(node)) return `((${guarded}) || globalThis.mutation(${add(node, 'part')}))`
    return guarded
  }
  return { text: text.slice(0, source.getStart()) + render(source), mutants }
}

// The condition of an `if` without else, that refuses.
function isGuard(node: ts.Expression): boolean {
  const { parent } = node
  if (!ts.isIfStatement(parent) || parent.expression !== node || parent.elseStatement !== undefined) return false
  const body = parent.thenStatement
  const last = ts.isBlock(body) ? body.statements.at(-1) : body
  if (last === undefined) return false
  if (ts.isThrowStatement(last)) return true
  const value = ts.isReturnStatement(last) ? last.expression?.kind : undefined
  return value === ts.SyntaxKind.FalseKeyword || value === ts.SyntaxKind.NullKeyword
}

// One of several alternatives of a guard.
function isReason(node: ts.Expression): boolean {
  const chain = topOfChain(node, ts.SyntaxKind.BarBarToken)
  return chain !== null && isGuard(chain)
}

// One of several conditions that must all hold; where a guard refuses for all of them together, dropping one refuses more.
function isCondition(node: ts.Expression): boolean {
  const chain = topOfChain(node, ts.SyntaxKind.AmpersandAmpersandToken)
  return chain !== null && !isGuard(chain) && !isReason(chain)
}

// The outermost expression of a chain of one operator that `node` is an operand of, null where it is none.
function topOfChain(node: ts.Node, operator: ts.SyntaxKind): ts.Expression | null {
  const isLink = (n: ts.Node): n is ts.BinaryExpression => ts.isBinaryExpression(n) && n.operatorToken.kind === operator
  if (isLink(node) || !isLink(node.parent)) return null
  let top = node.parent
  while (isLink(top.parent)) top = top.parent
  return outOfParentheses(top)
}

function outOfParentheses(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node.parent) ? outOfParentheses(node.parent) : node
}

function isRequirement(node: ts.Node): boolean {
  if (!ts.isExpressionStatement(node)) return false
  const call = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression
  return ts.isCallExpression(call) && ts.isIdentifier(call.expression) && /^require[A-Z]/.test(call.expression.text)
}

// A call of a function that makes one check, or a check written out.
function isVerdict(node: ts.Node, makers: ReadonlySet<string>): boolean {
  if (ts.isCallExpression(node)) return ts.isIdentifier(node.expression) && makers.has(node.expression.text)
  if (!ts.isObjectLiteralExpression(node)) return false
  const names = node.properties.flatMap((p) => (p.name && ts.isIdentifier(p.name) ? [p.name.text] : []))
  return names.includes('result') && names.includes('refusal')
}

// `check` and `same` wherever they come from, and what this file declares to return a Check.
function checkMakers(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set(['check', 'same', 'oneOf'])
  const isCheck = (type: ts.TypeNode | undefined): boolean => type?.getText(source) === 'Check'
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && isCheck(node.type) && node.name) names.add(node.name.text)
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer)
      if (ts.isArrowFunction(node.initializer) && isCheck(node.initializer.type)) names.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names
}
