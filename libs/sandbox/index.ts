export * from './limitCommand.ts'
export * from './sandboxCommand.ts'
export * from './seccompFilter.ts'
