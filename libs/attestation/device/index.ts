export { COLLECTOR } from './collectNvidia.ts'
export { type Endorse, openHardware } from './openHardware.ts'
export { recordMachine } from './recordMachine.ts'
