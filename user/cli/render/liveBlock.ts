/** Lines at the bottom of a terminal that are drawn anew in place; elsewhere nothing is drawn. */
export type LiveBlock = {
  draw(lines: readonly string[]): void
  /** Takes the block away, so that a line can be printed for good. */
  clear(): void
}

/** A block on stderr. */
export function newLiveBlock(stream: NodeJS.WriteStream, isLive: boolean): LiveBlock {
  let height = 0
  const clear = (): void => {
    if (height > 0) stream.write(`\u001b[${height}A\u001b[0J`)
    height = 0
  }
  return {
    clear,
    draw(lines) {
      if (!isLive) return
      clear()
      const width = (stream.columns || 80) - 1
      for (const line of lines) stream.write(`${[...line].slice(0, width).join('')}\n`)
      height = lines.length
    },
  }
}
