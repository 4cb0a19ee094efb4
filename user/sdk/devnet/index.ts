export { devnetTrust } from './devnetTrust.ts'
