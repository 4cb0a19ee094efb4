import { balanceOf, formatAmount } from '@allod/sdk'
import { devnetWalletFolder, listWallets } from '@allod/sdk/node'
import type { Command } from '../../frame/command.ts'
import { columns } from '../../render/columns.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Those of your keystore, and on a devnet its own, which hold play money.',
  async run({ config, out, local, allod: open }) {
    const network = await local().catch(() => null)
    const devnets = network === null ? null : devnetWalletFolder(network)
    const own = await listWallets(config.keystore)
    const shared = devnets === null ? [] : await listWallets(devnets)
    const wallets = [...own.map((w) => ({ ...w, of: 'you' })), ...shared.map((w) => ({ ...w, of: 'the devnet' }))]
    const allod = network === null ? null : await open()
    const rows = await Promise.all(
      wallets.map(async ({ name, address, of }) => {
        const balance = allod === null || address === null ? null : await balanceOf(allod, address).catch(() => null)
        const amount = (units: bigint | undefined): string =>
          allod === null || units === undefined ? 'unknown' : formatAmount(units, allod.network.currency)
        return { name, address, of, market: amount(balance?.market), wallet: amount(balance?.wallet) }
      }),
    )
    out.result(
      rows,
      rows.length === 0
        ? 'no wallets'
        : columns(
            [
              ['wallet', 'address', 'of', 'in the market', 'in the wallet'].map(out.paint.bold),
              ...rows.map((r) => [r.name, r.address ?? 'unknown', r.of, r.market, r.wallet]),
            ],
            { right: [3, 4] },
          ),
    )
    if (rows.length === 0) out.note('make one: npx allod wallet new <name>')
  },
}
