import { isAllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { startTiny } from './testing/startTiny.ts'

test('refuses a context that the model was not trained for with serve/bad-parameters', async () => {
  await expect(startTiny({ contextTokens: 100_000 })).rejects.toSatisfy((e) => isAllodError(e, 'serve/bad-parameters'))
})
