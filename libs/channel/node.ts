export { socketDuplex } from './node/socketDuplex.ts'
