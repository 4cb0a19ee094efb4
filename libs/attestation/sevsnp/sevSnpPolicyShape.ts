import { flag, hex, integer, list, nullable, oneOf, record } from '@allod/protocol'
import { sevSnpProducts } from './claims.ts'

const version = integer(0, 255)
const tcb = record({ fmc: version, bootloader: version, tee: version, snp: version, microcode: version })

/** What a policy demands of a SEV-SNP guest. Debug and migration agents are never accepted. */
export const sevSnpPolicyShape = record({
  products: list(oneOf(...sevSnpProducts), sevSnpProducts.length, 1),
  /** Lowest security versions, part by part, that both the reported and the committed TCB must have; `null` compares none. */
  minimumTcb: record({ Milan: nullable(tcb), Genoa: nullable(tcb), Turin: nullable(tcb) }),
  /** Whether a report signed by a cloud's key, which names no chip, is accepted. */
  vlek: flag,
  /** Privilege levels at which the report may have been asked for. */
  vmpls: list(integer(0, 3), 4, 1),
  /** Whether simultaneous multithreading may be on. */
  smt: flag,
  /** Whether the firmware must have checked memory for aliases (BadRAM). */
  aliasCheck: flag,
  /** Digests of keys that may have signed the id block; `null` does not compare. */
  idKeys: nullable(list(hex(48), 64, 1)),
  authorKeys: nullable(list(hex(48), 64, 1)),
})
