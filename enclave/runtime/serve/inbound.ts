/** What answers requests that come in through the gateway: nothing, until an agent serves. */
export const inbound: { handle: (request: Request) => Promise<Response> } = {
  handle: async () =>
    Response.json(
      {
        code: 'runtime/not-serving',
        message: 'this enclave does not serve an agent',
        hint: 'wait until its order is started',
        meta: {},
      },
      { status: 503 },
    ),
}
