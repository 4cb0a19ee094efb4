export * from './folder.ts'
export * from './modelConfig.ts'
