/** Refusals of a keeper that pass by themselves: the same request will do, later. Nobody is told off, or given up, for one. */
const PASSING: readonly string[] = [
  'keeper/not-final',
  'keeper/clock-skew',
  'keeper/busy',
  'keeper/log-unavailable',
  'chain/rpc-failed',
  'chain/rpc-disagree',
  'chain/reorg',
  'chain/head-too-old',
]

/** Whether what a keeper refuses under this code passes by itself. */
export const isPassing = (code: string): boolean => PASSING.includes(code)
