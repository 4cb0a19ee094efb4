export * from './folderSize.ts'
export * from './runWatched.ts'
export * from './treeMemory.ts'
