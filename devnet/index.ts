export { down } from './network/down.ts'
export { type Layout, layoutOf, processNames } from './network/plan.ts'
export { type UpOptions, up } from './network/up.ts'
export { isRunning, runningPid } from './processes/processes.ts'
