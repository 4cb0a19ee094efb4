export { fileJournal } from './fileJournal.ts'
export { folderSink, folderSource } from './folderOnDisk.ts'
