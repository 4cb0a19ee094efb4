import { type Allod, connect, type Network } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'

/** Connects to a network; only a devnet's description brings trust in the simulated chip, and only on this machine. */
export const connectTo = (network: Network): Allod =>
  connect(network, network.devnet ? { trust: devnetTrust(network) } : {})
