import { plain } from '../render/plain.ts'

/** Colours, or none. */
export type Paint = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan', (text: string) => string>
>

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const

// Painted text holds marks instead of codes until it is written: codes that others wrote are gone by then. Nobody outside
// this process can write a mark.
const SECRET = crypto.randomUUID()
const MARKS = new RegExp(`<${SECRET}:(\\d+)>`, 'g')

/** A set of colours; where they are off, text stays as it is. */
export function painter(isOn: boolean): Paint {
  const entries = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    (text: string): string => (isOn ? `<${SECRET}:${on}>${text}<${SECRET}:${off}>` : text),
  ])
  return Object.fromEntries(entries) as Paint
}

/** Text as it is written to a terminal: nothing in it is obeyed but our own colours. */
export const onTerminal = (text: string): string => plain(text).replace(MARKS, '\u001b[$1m')

/** Text without its colours. */
export const unpainted = (text: string): string => text.replace(MARKS, '')
