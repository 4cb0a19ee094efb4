/** A record of a CSV file with the line it begins on, or why it cannot be read. */
export type CsvRecord = { readonly line: number; readonly cells: readonly string[]; readonly reason?: string }

const MAX_CELLS = 1000

/** Reads RFC 4180: quoted cells may hold commas, line ends and doubled quotes; blank lines are skipped. */
export function* parseCsv(text: string): Generator<CsvRecord> {
  let [at, line] = [0, 1]
  while (at < text.length) {
    const begun = line
    const cells: string[] = []
    let reason: string | undefined
    for (let more = true; more; ) {
      const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at)
      line += cell.lines
      at = cell.end
      cells.push(cell.value)
      reason ??= cell.reason ?? (cells.length > MAX_CELLS ? `the row has more than ${MAX_CELLS} cells` : undefined)
      more = text[at] === ','
      if (more) at++
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    line++
    if (reason !== undefined) yield { line: begun, cells: [], reason }
    else if (cells.length > 1 || cells[0] !== '') yield { line: begun, cells }
  }
}

type Cell = { readonly value: string; readonly end: number; readonly lines: number; readonly reason?: string }

function plainCell(text: string, from: number): Cell {
  let end = from
  while (end < text.length && !',\r\n'.includes(text[end] as string)) end++
  const value = text.slice(from, end)
  return value.includes('"')
    ? { value, end, lines: 0, reason: 'a quote stands inside a cell that is not quoted' }
    : { value, end, lines: 0 }
}

function quotedCell(text: string, from: number): Cell {
  let [value, at, lines] = ['', from + 1, 0]
  for (;;) {
    const close = text.indexOf('"', at)
    if (close < 0) return { value, end: text.length, lines, reason: 'a quoted cell is not closed' }
    const part = text.slice(at, close)
    value += part
    lines += part.split('\n').length - 1
    if (text[close + 1] !== '"') {
      const end = close + 1
      if (end === text.length || ',\r\n'.includes(text[end] as string)) return { value, end, lines }
      const rest = plainCell(text, end)
      return { value, end: rest.end, lines, reason: 'text follows a closing quote' }
    }
    value += '"'
    at = close + 2
  }
}
