import { unpainted } from '../frame/paint.ts'
import { oneLine } from './plain.ts'

/**
 * Rows in aligned columns, two spaces apart; the first row is the heading. Widths count what is seen, not colour codes.
 * @param options.right columns of figures
 */
export function columns(
  table: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly number[] } = {},
): string {
  const rows = table.map((row) => row.map(oneLine))
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => seen(row[c] ?? ''))))
  return rows
    .map((row) =>
      row
        .map((cell, c) => {
          const gap = ' '.repeat((widths[c] ?? 0) - seen(cell))
          return right.includes(c) ? gap + cell : cell + gap
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const seen = (text: string): number => [...unpainted(text)].length

/** `0x12345678…` for people; programs get the whole with --json. */
export const shortHex = (hex: string): string => (hex.length <= 12 ? hex : `${hex.slice(0, 10)}…`)
