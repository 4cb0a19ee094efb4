// The runtime for the simulated chip: the program that a confidential environment starts, and the only one that sees keys.
import { openChipDevice } from '@allod/attestation/simulated/device'
import { connectRelay, fetchOver, serveHttp } from '@allod/channel/node'
import { endWithCode } from './endWithCode.ts'
import { Inbound } from './Inbound.ts'
import { makePlaces } from './places.ts'
import { runOrder } from './runOrder.ts'

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
  const attester = openChipDevice(places.chip)
  const host = {
    fetchFrom: (destination: string) => {
      const send = fetchOver(relay, destination)
      return (path: string, init?: RequestInit) =>
        send(path.startsWith('/') ? `http://${destination}${path}` : path, init)
    },
  }
  try {
    await runOrder(host, attester, places, inbound)
  } finally {
    for (const service of services.values()) service.close()
    await relay.close()
  }
})
