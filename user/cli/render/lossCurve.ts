const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** A point of a curve. */
export type Point = { readonly x: number; readonly y: number }

/**
 * A curve as block characters, `height` rows high, with the highest and lowest value at its left and the range of x below.
 * @param width columns for the whole plot, axis included
 */
export function plotCurve(
  points: readonly Point[],
  { width, height = 6 }: { readonly width: number; readonly height?: number },
): string {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return ''
  const ys = points.map((p) => p.y)
  const [low, high] = [Math.min(...ys), Math.max(...ys)]
  const labels = [high.toFixed(3), low.toFixed(3)]
  const margin = Math.max(...labels.map((l) => l.length)) + 2
  const bins = bin(points, Math.max(4, width - margin))
  const span = high - low || 1
  const rows = Array.from({ length: height }, (_, row) => {
    const label = row === 0 ? (labels[0] ?? '') : row === height - 1 ? (labels[1] ?? '') : ''
    const cells = bins.map((y) => {
      // Each cell stands for eight levels of its row; every column shows at least one, so that a curve is never broken.
      const level = Math.round(((y - low) / span) * (height * 8 - 1)) + 1 - (height - 1 - row) * 8
      return level <= 0 ? ' ' : (LEVELS[Math.min(level, 8) - 1] ?? ' ')
    })
    return `${label.padStart(margin - 2)} ┤${cells.join('')}`.trimEnd()
  })
  const from = String(first.x)
  const to = String(last.x)
  const gap = Math.max(1, bins.length - from.length - to.length)
  return [...rows, `${' '.repeat(margin)}${from}${' '.repeat(gap)}${to}`].join('\n')
}

/** The mean of the points in each of at most `count` equal parts. */
function bin(points: readonly Point[], count: number): readonly number[] {
  const size = Math.max(1, points.length / count)
  const bins = Math.ceil(points.length / size)
  return Array.from({ length: bins }, (_, i) => {
    const part = points.slice(Math.floor(i * size), Math.max(Math.floor(i * size) + 1, Math.floor((i + 1) * size)))
    return part.reduce((sum, p) => sum + p.y, 0) / part.length
  })
}
