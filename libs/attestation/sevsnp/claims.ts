import type { Hex } from '@allod/protocol'

export const sevSnpProducts = ['Milan', 'Genoa', 'Turin'] as const
export type SevSnpProduct = (typeof sevSnpProducts)[number]

/** Security versions of the parts of AMD's firmware. `fmc` exists on Turin only, and is 0 elsewhere. */
export type SevSnpTcb = {
  readonly fmc: number
  readonly bootloader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** What a SEV-SNP report says, once its signature and chain hold. Names are those of AMD's ABI specification, 56860. */
export type SevSnpClaims = {
  readonly kind: 'sevsnp'
  readonly version: 2 | 3 | 5
  readonly product: SevSnpProduct
  readonly signingKey: 'vcek' | 'vlek'
  /** Of a VLEK: the cloud it was issued to. */
  readonly cspId: string | null
  readonly guestSvn: number
  readonly policy: {
    readonly abiMajor: number
    readonly abiMinor: number
    readonly smt: boolean
    readonly migrateMa: boolean
    readonly debug: boolean
    readonly singleSocket: boolean
    readonly cxl: boolean
    readonly memAes256Xts: boolean
    readonly raplDis: boolean
    readonly ciphertextHiding: boolean
    readonly pageSwapDisable: boolean
  }
  readonly familyId: Hex
  readonly imageId: Hex
  readonly vmpl: number
  readonly platformInfo: {
    readonly smtEnabled: boolean
    readonly tsmeEnabled: boolean
    readonly eccEnabled: boolean
    readonly raplDisabled: boolean
    readonly ciphertextHidingEnabled: boolean
    readonly aliasCheckComplete: boolean
    readonly sevTioEnabled: boolean
  }
  readonly authorKeyEnabled: boolean
  readonly chipIdMasked: boolean
  readonly reportData: Hex
  readonly measurement: Hex
  readonly hostData: Hex
  readonly idKeyDigest: Hex
  readonly authorKeyDigest: Hex
  readonly reportId: Hex
  readonly reportIdMa: Hex
  readonly chipId: Hex
  readonly currentTcb: SevSnpTcb
  readonly reportedTcb: SevSnpTcb
  readonly committedTcb: SevSnpTcb
  readonly launchTcb: SevSnpTcb
  /** major.minor.build of the firmware that runs, and of the one that cannot be rolled back behind. */
  readonly currentVersion: string
  readonly committedVersion: string
  /** Version 5 only. */
  readonly launchMitVector: Hex | null
  readonly currentMitVector: Hex | null
}
