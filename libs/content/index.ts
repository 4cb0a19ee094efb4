export { extractFolder } from './archive/extractFolder.ts'
export { archiveLength, writeArchive } from './archive/writeArchive.ts'
export {
  type BlobRef,
  type Body,
  blobPath,
  cidOf,
  digestOfCid,
  MAX_BLOB_BYTES,
  packRef,
  rawBody,
  rawRef,
} from './blob.ts'
export { type FileEntry, type FileSink, type FolderSink, type FolderSource, requirePath } from './folder.ts'
export { encodeHeader, type Header, parseHeader } from './header.ts'
export { type HpkeKey, hpkeOpen, hpkeSeal, newHpkeKey } from './hpke/hpke.ts'
export { chunkCountOf, packCountOf, paddedLength } from './layout.ts'
export {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestHash,
  manifestObjectId,
  manifestShape,
  parseManifest,
  requireManifest,
  signManifest,
  type UnsignedManifest,
} from './manifest.ts'
export { inclusionProof, merkleRoot, requireInclusion } from './merkle.ts'
export { openMetadata } from './metadata.ts'
export { objectIdOf } from './objectId.ts'
export {
  combineShares,
  openWrap,
  type SealedShare,
  type Share,
  type ShareContext,
  shareCommitment,
  wrapShare,
} from './shares.ts'
export { requireStorageReceipt, type StorageReceipt, signStorageReceipt } from './storageReceipt.ts'
export { decodeTree, encodeTree, type Tree, type TreeFile, treeHash, treeOf } from './tree/tree.ts'
