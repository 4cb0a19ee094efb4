import { oneLine } from '../render/plain.ts'
import { formatTransfer, type Transfer } from '../render/transfer.ts'

/** A line at the bottom of stderr that says what is going on. */
export type Spinner = {
  /** Changes what it says. */
  say(text: string): void
  /** Shows bytes, rate and what is left. */
  progress(transfer: Transfer): void
  stop(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const APPEARS_MS = 200
const TURNS_MS = 80

/** Starts a spinner; it shows itself after 200 ms, and only where a person looks. */
export function newSpinner(stream: NodeJS.WriteStream, name: string, isLive: boolean): Spinner {
  if (!isLive) return { say() {}, progress() {}, stop() {} }
  let text = name
  let turn = 0
  let isShown = false
  const startedAt = performance.now()
  const draw = (): void => {
    isShown = true
    const line = `${FRAMES[turn++ % FRAMES.length]} ${oneLine(text)}`
    stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`)
  }
  const timer = setInterval(() => {
    if (performance.now() - startedAt >= APPEARS_MS) draw()
  }, TURNS_MS)
  timer.unref()
  return {
    say(next) {
      text = next
    },
    progress(transfer) {
      text = `${name} ${formatTransfer(transfer, performance.now() - startedAt)}`
    },
    stop() {
      clearInterval(timer)
      if (isShown) stream.write('\r\u001b[2K')
    },
  }
}
