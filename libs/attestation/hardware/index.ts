export { verifyNras } from '../nvidia/nras/verifyNras.ts'
export { withIntermediate } from '../sevsnp/withIntermediate.ts'
export { describeEvidence } from './describeEvidence.ts'
export { hardwareVerifiers } from './hardwareVerifiers.ts'
