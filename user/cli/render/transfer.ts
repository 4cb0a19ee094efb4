/** How far a transfer is; `totalBytes` 0 where nobody knows. */
export type Transfer = { readonly doneBytes: number; readonly totalBytes: number }

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`
}

/** `12.0 MiB of 20.0 MiB, 4.0 MiB/s, 2 s left`. */
export function formatTransfer({ doneBytes, totalBytes }: Transfer, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (doneBytes * 1000) / elapsedMs : 0
  const rate = `${formatBytes(doneBytes)}${totalBytes > 0 ? ` of ${formatBytes(totalBytes)}` : ''}, ${formatBytes(Math.round(perSecond))}/s`
  if (totalBytes <= doneBytes || perSecond === 0) return rate
  return `${rate}, ${formatSeconds((totalBytes - doneBytes) / perSecond)} left`
}

/** `2 h 5 min`, `40 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}
