/** A folder's files by relative path with forward slashes: the form in which models and adapters are handed around. */
export type Folder = ReadonlyMap<string, Uint8Array>
