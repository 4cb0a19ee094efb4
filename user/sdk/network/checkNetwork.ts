import { anyJson, isAllodError } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { askJson } from '../wire/askJson.ts'

/** One part of a network, and whether it is as it should be. */
export type PartFinding = { readonly name: string; readonly isUp: boolean; readonly says: string; readonly fix: string }

/** Looks at every part of a network from this device: chain, contracts, committee, keepers, stores, provider, gateway. */
export async function checkNetwork(allod: Allod): Promise<readonly PartFinding[]> {
  const { network, stores, chain } = allod
  const restart = network.devnet ? 'npx allod up' : 'tell whoever runs it, or name another in the network description'
  const look = async (name: string, work: () => Promise<string>, fix = restart): Promise<PartFinding> => {
    try {
      return { name, isUp: true, says: await work(), fix: '' }
    } catch (error) {
      return { name, isUp: false, says: isAllodError(error) ? `${error.message} (${error.code})` : String(error), fix }
    }
  }
  const answers = (url: string) => async (): Promise<string> => {
    await askJson(allod, `${url}/status`, anyJson(1000), { timeoutMs: 5000 })
    return url
  }
  const keepers = await Promise.all(network.keepers.map(({ url }, i) => look(`keeper ${i + 1}`, answers(url))))
  const up = keepers.filter((k) => k.isUp).length
  const { t } = network.committee
  return [
    await look(
      'chain',
      async () => `block ${(await chain.latest()).block.number}, final ${(await chain.final()).block.number}`,
    ),
    await look('contracts', async () => {
      const view = await chain.latest()
      const { isApproved } = await view.build(network.builds.runtime)
      if (!isApproved) throw new Error('the runtime’s build is not approved')
      return 'the runtime’s build is approved'
    }),
    ...keepers,
    {
      name: 'committee',
      isUp: up >= t,
      says: `${up} of ${keepers.length} keepers answer, ${t} are needed`,
      fix: restart,
    },
    ...(await Promise.all(
      stores.map((store, i) =>
        look(`store ${i + 1}`, async () => `${Math.round((await store.health()).freeBytes / 2 ** 30)} GiB free`),
      ),
    )),
    await look('provider', answers(network.provider.url)),
    await look('gateway', async () => {
      const response = await allod
        .fetch(`${network.gateway.url}/`, { signal: AbortSignal.timeout(5000) })
        .catch((cause: unknown) => {
          throw fail('gateway-unreachable', { cause, actual: network.gateway.url })
        })
      return `${network.gateway.url} answers with ${response.status}`
    }),
  ]
}
