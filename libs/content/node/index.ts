export { fileSource, folderSink, folderSource } from './folderOnDisk.ts'
