/** What a device's signed report says of itself, by which NVIDIA files its manifests. */
export type RimSubject =
  | { readonly kind: 'driver'; readonly chip: string; readonly version: string }
  | {
      readonly kind: 'vbios' | 'switch'
      readonly project: string
      readonly projectSku: string
      readonly chipSku: string
      readonly version: string
    }

/**
 * The id under which NVIDIA serves a manifest: https://rim.attestation.nvidia.com/v1/rim/<id>. Whoever fetches by it holds the
 * manifest's chip and version against the report all the same.
 * @example rimId({ kind: 'driver', chip: 'GH100', version: '550.144.03' }) // NV_GPU_DRIVER_GH100_550.144.03
 */
export function rimId(subject: RimSubject): string {
  if (subject.kind === 'driver')
    // Hopper's were there before the name had CC in it.
    return `${subject.chip === 'GH100' ? 'NV_GPU_DRIVER' : 'NV_GPU_CC_DRIVER'}_${subject.chip}_${subject.version}`
  const { kind, project, projectSku, chipSku, version } = subject
  const prefix = kind === 'vbios' ? 'NV_GPU_VBIOS' : 'NV_SWITCH_BIOS'
  return [prefix, project, projectSku, chipSku, version.replaceAll('.', '')].join('_').toUpperCase()
}
