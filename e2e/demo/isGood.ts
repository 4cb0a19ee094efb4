import type { Money } from './countMoney.ts'
import type { Figures } from './figuresOf.ts'

/** Whether a story came out as the main job promises. Without a sandbox it only does where that was allowed. */
export function isGood(
  figures: Omit<Figures, 'ok'>,
  money: Pick<Money, 'paid' | 'isPaidOut'>,
  isUnisolatedAllowed: boolean,
): boolean {
  const { questions, baseCorrect, tunedCorrect, isolation } = figures
  return (
    figures.agentVerified &&
    figures.reportVerified &&
    figures.tamperedReportRefused &&
    questions >= 20 &&
    tunedCorrect >= 0.9 * questions &&
    baseCorrect <= 0.1 * questions &&
    money.paid > 0n &&
    money.isPaidOut &&
    (isolation === 'bubblewrap' || (isolation === 'none' && isUnisolatedAllowed))
  )
}
