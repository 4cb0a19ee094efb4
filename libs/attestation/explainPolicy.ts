import type { Exception } from './appraisal.ts'
import type { EvidencePolicy } from './evidencePolicy.ts'
import type { NvidiaPolicy } from './nvidia/policy.ts'
import type { SevSnpPolicy } from './sevsnp/policy.ts'
import type { TdxPolicy } from './tdx/policy.ts'

/** A policy in words, a sentence for each thing that it demands, lets be, or excepts. */
export function explainPolicy(policy: EvidencePolicy): readonly string[] {
  const { kinds, minimumTcb, gpus, machines, configs, measurements, exceptions } = policy
  return [
    `CPU evidence must be by ${kinds.map((k) => NAMES[k]).join(' or ')}, under the maker’s own root; simulated evidence and debugging are never accepted.`,
    ...(minimumTcb === 0 ? [] : [`The platform’s TCB number must be ${minimumTcb} or higher.`]),
    named('Launch measurements', measurements, 'so this does not say which program runs'),
    named('Machines', machines, 'so this does not say whose machine it is'),
    named('Launch configurations', configs, 'so this does not say how the program was configured'),
    ...(kinds.includes('tdx') ? tdxWords(policy.tdx) : []),
    ...(kinds.includes('sevsnp') ? sevSnpWords(policy.sevsnp) : []),
    gpus === null
      ? 'Any number of GPUs may be present; each one is checked.'
      : `Exactly ${gpus} GPU${gpus === 1 ? '' : 's'} must be present.`,
    ...nvidiaWords(policy.nvidia),
    ...(exceptions.length === 0
      ? ['Nothing may stay unknown: what could not be checked refuses.']
      : exceptions.map((e) => EXCEPTION_WORDS[e])),
  ]
}

const NAMES = { tdx: 'Intel TDX', sevsnp: 'AMD SEV-SNP' } as const

const EXCEPTION_WORDS: Readonly<Record<Exception, string>> = {
  'revocation-unknown':
    'Exception: revocation may stay unknown. A certificate withdrawn by its maker would be accepted.',
  'reference-values-unknown':
    'Exception: devices may come without reference values. Nothing then says that their firmware is their maker’s.',
  'reference-signer-expired':
    'Exception: reference values may be signed by a certificate outside its dates. Nothing then says that they are current.',
}

const named = (what: string, list: readonly unknown[] | null, otherwise: string): string =>
  list === null ? `${what} are not compared, ${otherwise}.` : `${what} must be among ${list.length} named.`

function tdxWords({ statuses, advisories, required, allowed, serviceTd, registers }: TdxPolicy): readonly string[] {
  const compared = Object.entries(registers).filter(([, values]) => values !== null)
  return [
    `TDX: platform, quoting enclave and module must be ${statuses.join(' or ')} by Intel’s lists.`,
    advisories === null
      ? 'TDX: advisories are accepted that come with these statuses.'
      : `TDX: of advisories only these are accepted: ${advisories.length === 0 ? 'none' : advisories.join(', ')}.`,
    `TDX: attributes ${allowed.join(', ') || 'none'} may be on${required.length === 0 ? '' : `, and ${required.join(', ')} must be`}.`,
    serviceTd === 'refused'
      ? 'TDX: no service TD may be bound, so none can migrate the domain or look into it.'
      : 'TDX: a service TD may be bound, which can migrate the domain; who runs it is not checked.',
    ...compared.map(([name, values]) => `TDX: ${name} must be one of ${values?.length ?? 0} named.`),
  ]
}

function sevSnpWords(policy: SevSnpPolicy): readonly string[] {
  const { products, minimumTcb, vlek, vmpls, smt, aliasCheck, idKeys, authorKeys } = policy
  const floors = products.flatMap((product) => {
    const floor = minimumTcb[product]
    if (floor === null) return [`SEV-SNP: security versions of ${product} have no floor.`]
    const parts = Object.entries(floor).map(([part, version]) => `${part} ${version}`)
    return [`SEV-SNP: ${product} must have at least ${parts.join(', ')}, reported and committed.`]
  })
  return [
    `SEV-SNP: the chip must be ${products.join(', ')}.`,
    ...floors,
    vlek
      ? 'SEV-SNP: reports signed by a cloud’s key are accepted; they name no chip.'
      : 'SEV-SNP: only the chip’s own key may have signed.',
    `SEV-SNP: the report must have been asked for at privilege level ${vmpls.join(' or ')}.`,
    `SEV-SNP: simultaneous multithreading ${smt ? 'may' : 'must not'} be on.`,
    ...(aliasCheck ? ['SEV-SNP: the firmware must have checked memory for aliases.'] : []),
    ...(idKeys === null ? [] : [`SEV-SNP: the id block must be signed by one of ${idKeys.length} keys.`]),
    ...(authorKeys === null ? [] : [`SEV-SNP: the author’s key must be one of ${authorKeys.length}.`]),
  ]
}

function nvidiaWords({ chips, minimumDriver, vbios, switches, onHold }: NvidiaPolicy): readonly string[] {
  return [
    ...(chips === null ? [] : [`NVIDIA: chips must be ${chips.join(' or ')}.`]),
    minimumDriver === null ? 'NVIDIA: drivers have no floor.' : `NVIDIA: drivers must be ${minimumDriver} or newer.`,
    ...(vbios === null ? [] : [`NVIDIA: VBIOS versions must be among ${vbios.length} named.`]),
    ...(switches === null ? [] : [`NVIDIA: exactly ${switches} switches must be present.`]),
    onHold === 'refused'
      ? 'NVIDIA: a certificate on hold refuses its device.'
      : 'NVIDIA: a device is accepted although its certificate is on hold.',
  ]
}
