export { recordMachine } from './recordMachine.ts'
