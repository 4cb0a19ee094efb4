import { oneLine } from './plain.ts'

/** Names and values, one below the other, aligned; empty values are left out. */
export function pairs(list: readonly (readonly [name: string, value: string])[]): string {
  const shown = list.filter(([, value]) => value !== '')
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`).join('\n')
}
