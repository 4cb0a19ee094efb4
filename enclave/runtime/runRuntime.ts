import { connectRelay, fetchOver, serveHttp } from '@allod/channel/node'
import type { Attester } from './attest/gatherEvidence.ts'
import { endWithCode } from './endWithCode.ts'
import type { HostLink } from './HostLink.ts'
import { Inbound } from './Inbound.ts'
import { makePlaces, type Places } from './places.ts'
import { runOrder } from './runOrder.ts'

/**
 * The program that a confidential environment starts, and the only one that sees keys: one order, from its channel to its end.
 * @param attesterOf the TEE underneath, which is all that differs between hardware and the devnet
 */
export async function runRuntime(attesterOf: (places: Places, host: HostLink) => Attester): Promise<void> {
  await endWithCode(async () => {
    const flag = process.argv.indexOf('--unisolated')
    const places = makePlaces(flag === -1 ? null : (process.argv[flag + 1] ?? null))
    const inbound = new Inbound()
    const services = new Map([
      ['http', serveHttp(inbound.fromClient)],
      ['host', serveHttp(inbound.fromHost, { maxBodyBytes: 1024 })],
    ])
    const relay = await connectRelay(places.channel, {
      onOpen: (name, stream) => {
        const service = services.get(name)
        if (service === undefined) stream.reset('refused')
        else service.accept(stream)
      },
    })
    const host: HostLink = {
      fetchFrom: (destination) => {
        const send = fetchOver(relay, destination)
        return (path, init) => send(path.startsWith('/') ? `http://${destination}${path}` : path, init)
      },
    }
    try {
      await runOrder(host, attesterOf(places, host), places, inbound)
    } finally {
      for (const service of services.values()) service.close()
      await relay.close()
    }
  })
}
