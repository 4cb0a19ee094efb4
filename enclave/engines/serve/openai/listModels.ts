import type { Served } from '../served.ts'

/** GET /v1/models. */
export const listModels = (served: Served): object => ({
  object: 'list',
  data: [...served.lanes.keys()].map((id) => ({
    id,
    object: 'model',
    created: served.startedSeconds,
    owned_by: 'allod',
    context_tokens: served.contextTokens,
  })),
})
