import type { TcbStatus } from '../verified.ts'

// Intel's statuses are combinations of a few facts; adding up the facts gives the status of parts together.
const OUT_OF_DATE = 1
const CONFIGURATION = 2
const HARDENING = 4
const REVOKED = 8

const facts: Readonly<Record<TcbStatus, number>> = {
  NotStated: 0,
  UpToDate: 0,
  SWHardeningNeeded: HARDENING,
  ConfigurationNeeded: CONFIGURATION,
  ConfigurationAndSWHardeningNeeded: CONFIGURATION | HARDENING,
  OutOfDate: OUT_OF_DATE,
  OutOfDateConfigurationNeeded: OUT_OF_DATE | CONFIGURATION,
  Revoked: REVOKED,
}

/**
 * The status of several parts together: the worst, where "out of date" and "configuration needed" of two parts add up
 * (Intel QVL, convergence of TCB status with module and QE status).
 */
export function worstStatus(statuses: readonly TcbStatus[]): TcbStatus {
  const all = statuses.reduce((sum, status) => sum | facts[status], 0)
  if (all & REVOKED) return 'Revoked'
  if (all & OUT_OF_DATE) return all & CONFIGURATION ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
  if (all & CONFIGURATION) return all & HARDENING ? 'ConfigurationAndSWHardeningNeeded' : 'ConfigurationNeeded'
  return all & HARDENING ? 'SWHardeningNeeded' : 'UpToDate'
}
