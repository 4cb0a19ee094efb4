import { errorsOf, type Hex } from '@allod/protocol'
import type { Deployment } from './deployment.ts'

const fail = errorsOf('devnet', {
  'builds-changed': [
    'the programs inside the environments changed since this network was made',
    'its contracts approve the old builds: remove the network’s folder and bring it up anew',
  ],
})

type Built = { readonly build: Hex }

/** Refuses builds that this network's contracts do not know. @throws devnet/builds-changed */
export function requireBuilds(
  { chain }: Pick<Deployment, 'chain'>,
  builds: { readonly runtime: Built; readonly keeper: Built },
): void {
  if (chain === null) return
  for (const name of ['runtime', 'keeper'] as const)
    if (chain[name] !== builds[name].build)
      throw fail('builds-changed', { expected: chain[name], actual: builds[name].build, meta: { name } })
}
