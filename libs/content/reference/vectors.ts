import { archiveVectors } from './archiveVectors.ts'
import { keyVectors } from './keyVectors.ts'
import { manifestVectors } from './manifestVectors.ts'
import { objectVectors } from './objectVectors.ts'

/** Every vector file's content, by its name without `.json`. */
export const vectors = async () => ({
  ...objectVectors(),
  ...archiveVectors(),
  ...(await keyVectors()),
  ...(await manifestVectors()),
})
