import { probeSandbox, requireSandbox, type SandboxPrograms } from '@allod/environments'

/** How a network's environments are kept from this machine: in sandboxes of these programs, or not at all. */
export type Isolation =
  | { readonly kind: 'bubblewrap'; readonly programs: SandboxPrograms }
  | { readonly kind: 'none'; readonly programs: null }

/**
 * Sandboxes wherever they work; without them only where that was asked for.
 * @param options.folders where the sandbox's programs are looked for
 * @throws environments/no-sandbox with the fix
 */
export async function chooseIsolation({
  isUnisolatedAllowed,
  folders,
}: {
  readonly isUnisolatedAllowed: boolean
  readonly folders?: readonly string[] | undefined
}): Promise<Isolation> {
  const probe = await probeSandbox(folders)
  if (!probe.isUsable && isUnisolatedAllowed) return { kind: 'none', programs: null }
  return { kind: 'bubblewrap', programs: requireSandbox(probe) }
}
