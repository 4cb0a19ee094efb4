// The runtime for the simulated chip: the program that a confidential environment starts, and the only one that sees keys.
import { openChipDevice } from '@allod/attestation/simulated/device'
import { connectRelay, fetchOver, serveHttp } from '@allod/channel/node'
import { makePlaces } from './places.ts'
import { runOrder } from './runOrder.ts'
import { inbound } from './serve/inbound.ts'

const flag = process.argv.indexOf('--unisolated')
const places = makePlaces(flag === -1 ? null : (process.argv[flag + 1] ?? null))
const relay = await connectRelay(places.channel, {
  onOpen: (name, stream) => (name === 'http' ? service.accept(stream) : stream.reset('refused')),
})
const service = serveHttp((request) => inbound.handle(request))
const attester = openChipDevice(places.chip)
const host = {
  fetchFrom: (destination: string) => {
    const send = fetchOver(relay, destination)
    return (path: string, init?: RequestInit) =>
      send(path.startsWith('/') ? `http://${destination}${path}` : path, init)
  },
}
try {
  await runOrder(host, attester, places)
} finally {
  service.close()
  await relay.close()
}
