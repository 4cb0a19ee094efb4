import type { Kind } from './attribute.ts'
import { INSIDE_KINDS } from './insideKinds.ts'
import { OUTSIDE_KINDS } from './outsideKinds.ts'

/** Every kind of entity a fictional company has. */
export const KINDS: readonly Kind[] = [...INSIDE_KINDS, ...OUTSIDE_KINDS]
