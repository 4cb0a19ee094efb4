import type { TcbStatus } from '../verified.ts'
import type { Gap } from './tcbLevel.ts'

/** One version below the wanted one, and what its operator can do, as a sentence. */
export function gapWords({ part, index, actual, wanted, component }: Gap): string {
  if (part === 'pce')
    return `PCESVN is ${actual}, wanted ${wanted}: update the BIOS, then register the platform again for a new PCK certificate`
  const name = `${part === 'sgx' ? 'SGX' : 'TDX'} TCB component ${index + 1}${component?.type ? ` (${component.type})` : ''}`
  return `${name} is ${actual}, wanted ${wanted}: ${remedy(part, component?.type ?? '', component?.category ?? '')}`
}

/** What a status asks for beside newer versions; empty for those that are about versions only. */
export const statusWords: Readonly<Record<TcbStatus, readonly string[]>> = {
  NotStated: [],
  UpToDate: [],
  SWHardeningNeeded: ['software hardening is needed: use a guest that carries the mitigations of the advisories'],
  ConfigurationNeeded: ['configuration is needed: change the BIOS settings that the advisories name'],
  ConfigurationAndSWHardeningNeeded: [
    'configuration is needed: change the BIOS settings that the advisories name',
    'software hardening is needed: use a guest that carries the mitigations of the advisories',
  ],
  OutOfDate: [],
  OutOfDateConfigurationNeeded: ['configuration is needed: change the BIOS settings that the advisories name'],
  Revoked: ['Intel revoked this level: update, or retire the platform'],
}

// Where Intel says what a component is, that is what to update; where it does not, both places are worth a look.
function remedy(part: 'sgx' | 'tdx', type: string, category: string): string {
  if (/module/i.test(type)) return 'update the TDX module, then relaunch the domain'
  if (/seamldr/i.test(type)) return 'update the BIOS, which brings the SEAM loader'
  if (/sinit/i.test(type)) return 'update the TXT SINIT module, then restart the machine'
  if (/late microcode/i.test(type)) return 'load newer microcode, then restart the machine'
  if (/microcode/i.test(type)) return 'update the BIOS, which brings the microcode'
  if (category === 'BIOS') return 'update the BIOS'
  return part === 'sgx' ? 'update BIOS and microcode' : 'update the TDX module and microcode, then relaunch the domain'
}
