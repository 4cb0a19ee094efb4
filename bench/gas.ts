import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureAllod } from './gas/allod.ts'
import { type Gas, startGasChain } from './gas/chain.ts'
import { measureIexec } from './gas/iexec.ts'
import { report } from './measure.ts'

/*
 * Gas of an order's life, ours and iExec PoCo's, on one chain in the same run: whole transactions, 21,000 and calldata
 * included, addresses and hashes as they come. iExec's contracts are the compiled ones of its npm package, behind its own
 * Diamond. "First": nobody who is paid has a balance, no offer was used before. "Steady": all of them were here before.
 */

const MAX_LIFE = 560_000
const MAX_OF_PEER = 0.85
const TRANSACTION = 21_000

const folder = mkdtempSync(join(tmpdir(), 'allod-gas-'))
const chain = await startGasChain()
try {
  compare(await measureAllod(chain), await measureIexec(chain, folder))
} finally {
  chain.stop()
  rmSync(folder, { recursive: true })
}

function compare(
  allod: Awaited<ReturnType<typeof measureAllod>>,
  iexec: Awaited<ReturnType<typeof measureIexec>>,
): void {
  // As if whoever makes them did so in a transaction that is needed anyway.
  const transfer = iexec.parts.transfer - TRANSACTION
  const missing = {
    'refund of unused time: a deal of two tasks, the second claimed back': iexec.parts.claim,
    'royalty: a transfer in its ledger, less 21,000': transfer,
    'fees of two keepers: two such transfers': 2 * transfer,
    'votes: five signatures of enclave and keepers to its two': 3 * iexec.parts.signature,
  }
  table('Allod', allod.first, allod.steady)
  table('iExec Boost', iexec.boost.first, iexec.boost.steady)
  table('iExec classic', iexec.classic.first, iexec.classic.steady)
  list('what Boost lacks, at its own prices', { ...missing, sum: sum(missing) })
  list('what Boost has beyond ours, not taken off', { 'writes of the scheduler’s stake': iexec.parts.stake })
  list('outside a life: Allod', allod.outside)
  list('outside a life: iExec', iexec.outside)
  console.log(`not measured, theirs only: owner and registration of three tokens read at each match; restrictions by address or
  group; callbacks; the task’s parameters and result in plain events, by classic in storage too
not measured, ours only: pay by attested second; a quorum of keepers for one scheduler’s word; the build looked up as
  approved; a limit of orders at once beside one of orders in all; an engine as fourth offer; lineage in the report`)

  const [first, steady, boost] = [sum(allod.first), sum(allod.steady), sum(iexec.boost.steady)]
  const whole = boost + sum(missing)
  report('gas of a life with one beat, steady', steady, 'gas', MAX_LIFE)
  report('gas of a life, steady, of iExec Boost plus its missing parts', steady / whole, 'x', MAX_OF_PEER)
  report('gas of a life, steady, of iExec Boost as it is', steady / boost, 'x', null)
  report('gas of a life, first, of iExec Boost as it is', first / sum(iexec.boost.first), 'x', null)
  report('gas of a life, steady, of iExec classic as it is', steady / sum(iexec.classic.steady), 'x', null)
}

function sum(gas: Gas): number {
  return Object.values(gas).reduce((a, b) => a + b, 0)
}

/** Exact figures, for people: first and steady. */
function table(title: string, first: Gas, steady: Gas): void {
  console.log(`${title}, a life: first, steady`)
  for (const step of Object.keys(first)) line(step, first[step], steady[step])
  line('sum', sum(first), sum(steady))
}

function list(title: string, gas: Gas): void {
  console.log(title)
  for (const [what, figure] of Object.entries(gas)) line(what, figure)
}

function line(what: string, ...figures: readonly (number | undefined)[]): void {
  console.log(`  ${figures.map((n = 0) => n.toLocaleString('en').padStart(9)).join(' ')}  ${what}`)
}
