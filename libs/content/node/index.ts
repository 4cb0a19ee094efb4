export { folderSink, folderSource } from './folderOnDisk.ts'
