/** Unix seconds by this machine's clock: a claim, which keepers hold against the chain's. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)
