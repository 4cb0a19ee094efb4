import { describe, it } from 'vitest'
import { memoryStore } from '../testing/memoryStore.ts'
import { storeDemands } from './compliance.ts'

describe('the store that tests use', () => {
  for (const { name, run } of storeDemands) it(name, () => run(memoryStore()))
})
