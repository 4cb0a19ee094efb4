import { fromHex, type Hex } from '@allod/protocol'
import type { Check } from '../appraisal.ts'
import { check, listed, oneOf } from '../check.ts'
import type { TdxClaims } from './claims.ts'
import type { TdxPolicy } from './policy.ts'
import { worstStatus } from './tcbStatus.ts'

/** Attributes that a policy may name, by bit (TDX Module Base specification, ATTRIBUTES). Bits 7:0 mean debug. */
const ATTRIBUTES = { SEPT_VE_DISABLE: 28n, PKS: 30n, PERFMON: 63n } as const
const DEBUG_BITS = 0xffn
/** x87 and SSE, without which no domain runs. */
const XFAM_FIXED1 = 0x3n
/** Every feature that may be on (TDX Module Base specification, XFAM_FIXED0). */
const XFAM_FIXED0 = 0x0006dbe7n
const ZERO_48: Hex = `0x${'00'.repeat(48)}`

/** What a policy demands of this kind, check by check. Pure. */
export const tdxChecks = (claims: TdxClaims, policy: TdxPolicy): Check[] => [
  ...statusChecks(claims, policy),
  advisoryCheck(claims, policy),
  ...attributeChecks(claims, policy),
  xfamCheck(claims),
  serviceTdCheck(claims, policy),
  ...registerChecks(claims, policy),
  ...eventLogChecks(claims),
]

// Each part by itself, so that the reason is named, and all together: "out of date" of one and "configuration needed" of
// another add up to a status that neither has.
function statusChecks({ qe, platform, module, relaunch }: TdxClaims, { statuses }: TdxPolicy): Check[] {
  const together = worstStatus([qe, platform, module].map((p) => p.status))
  const parts: readonly (readonly [string, string])[] = [
    ['platform-status', platform.status],
    ['qe-status', qe.status],
    ['module-status', module.status],
    ...(relaunch === null ? [] : [['running-status', relaunch.status] as const]),
    ['tcb-status', together],
  ]
  return parts.map(([name, status]) => listed(name, 'tcb-status-not-allowed', statuses, status))
}

function advisoryCheck({ qe, platform, module, relaunch }: TdxClaims, { advisories }: TdxPolicy): Check {
  const known = [qe, platform, module, ...(relaunch === null ? [] : [relaunch])].flatMap((part) => part.advisories)
  const refused = advisories === null ? [] : [...new Set(known)].filter((id) => !advisories.includes(id)).sort()
  const expected = advisories === null ? 'any that the accepted statuses come with' : advisories.join(', ') || 'none'
  const actual = advisories === null ? known.join(', ') || 'none' : refused.join(', ') || 'none besides'
  return check('advisories', 'advisory-not-allowed', expected, actual, refused.length === 0, 'policy')
}

function attributeChecks({ tdattributes }: TdxClaims, { required, allowed }: TdxPolicy): Check[] {
  const bits = littleEndian(tdattributes)
  const maskOf = (names: readonly (keyof typeof ATTRIBUTES)[]): bigint =>
    names.reduce((mask, name) => mask | (1n << ATTRIBUTES[name]), 0n)
  const wanted = maskOf(required)
  // Debug has a check of its own, which names it; every other bit, reserved ones too, is refused unless the policy names it.
  const others = bits & ~(maskOf([...required, ...allowed]) | DEBUG_BITS)
  return [
    check(
      'td-attributes-required',
      'td-attributes-not-allowed',
      required.join(' and ') || 'none',
      tdattributes,
      (bits & wanted) === wanted,
      'policy',
    ),
    check(
      'td-attributes',
      'td-attributes-not-allowed',
      `nothing besides ${[...required, ...allowed].join(', ') || 'none'}`,
      tdattributes,
      others === 0n,
      'policy',
    ),
  ]
}

function xfamCheck({ xfam }: TdxClaims): Check {
  const bits = littleEndian(xfam)
  const isMet = (bits & XFAM_FIXED1) === XFAM_FIXED1 && (bits & ~XFAM_FIXED0) === 0n
  return check('xfam', 'xfam-not-allowed', 'x87 and SSE, and nothing outside 0x0006dbe7', xfam, isMet, 'policy')
}

function serviceTdCheck({ mrservicetd }: TdxClaims, { serviceTd }: TdxPolicy): Check {
  const isBound = mrservicetd !== null && mrservicetd !== ZERO_48
  const expected = serviceTd === 'refused' ? 'none' : 'any'
  const actual = isBound ? mrservicetd : 'none'
  return check('service-td', 'service-td-bound', expected, actual, !isBound || serviceTd === 'allowed', 'policy')
}

function registerChecks(claims: TdxClaims, { registers }: TdxPolicy): Check[] {
  const names = Object.keys(registers) as (keyof TdxPolicy['registers'])[]
  return names.map((name) => oneOf(name, 'register-mismatch', registers[name] ?? 'any', claims[name]))
}

// A log is not needed, nor one of every register; but what is told of a register must be its whole story.
function eventLogChecks(claims: TdxClaims): Check[] {
  const { eventLog } = claims
  if (eventLog === null) return []
  return (['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).map((name) => {
    const [register, told] = [claims[name], eventLog.replayed[name]]
    const isMet = told === null || told === register
    return check(`event-log-${name}`, 'event-log-mismatch', register, told ?? 'no log of it', isMet, 'evidence')
  })
}

const littleEndian = (hex: Hex): bigint => BigInt(`0x${[...fromHex(hex, 8)].reverse().map(twoDigits).join('')}`)

const twoDigits = (byte: number): string => byte.toString(16).padStart(2, '0')
