import type { EvidenceFile } from '@allod/attestation/files'
import type { FileOptions } from './verifyEvidenceFile.ts'

/** What a verdict over a file does not show, whatever it says: a sentence each. */
export function unprovedBy(
  file: Extract<EvidenceFile, { kind: 'parts' }>,
  { nonce, reportData, policy }: Pick<FileOptions, 'nonce' | 'reportData' | 'policy'>,
): readonly string[] {
  const hasDevice = file.parts.some((p) => p.kind.startsWith('nvidia'))
  const hasCpu = file.parts.some((p) => !p.kind.startsWith('nvidia'))
  const isDeviceBound = hasCpu && file.nonce !== null && reportData === null
  return [
    ...(hasCpu && reportData === null && !(isDeviceBound && nonce !== null)
      ? ['for whom this was made, and when: no --report-data was given, so an old or a borrowed answer would pass too']
      : []),
    ...(hasDevice && nonce === null
      ? [
          `that a device’s answer is fresh: no --nonce was given${file.nonce === null ? '' : ', and the one in the file is the file’s own word'}`,
        ]
      : []),
    ...(hasCpu && policy.measurements === null ? ['which program runs: the policy names no measurement'] : []),
    ...(hasCpu && policy.machines === null ? ['whose machine it is, and where: the policy names no machine'] : []),
    ...(hasDevice && !isDeviceBound
      ? ['that a device sits in any particular machine: nothing here binds it to a CPU']
      : []),
    ...file.notes,
  ]
}
