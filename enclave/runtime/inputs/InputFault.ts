import { AllodError, type Hex, isAllodError, type OrderTerms, offerKinds } from '@allod/protocol'

/** Where no offer is to blame, as Market has it. */
export const NO_OFFER = 255

/** An error that lies in one input or engine. It costs the lane of the offer that lets it, by its place in the terms. */
export class InputFault extends AllodError {
  readonly offer: number

  constructor({ code, message, hint, meta }: AllodError, offer: number) {
    super(code, message, hint, { meta })
    this.offer = offer
  }
}

/**
 * Does something with an input, and names it where that fails under one of our codes.
 * @throws InputFault, or what is none of ours as it is
 */
export async function blaming<T>(terms: OrderTerms, subject: Hex, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (!isAllodError(error)) throw error
    const place = terms.offers.findIndex((o) => o.kind !== offerKinds.compute && o.subject === subject)
    throw new InputFault(error, place === -1 ? NO_OFFER : place)
  }
}
