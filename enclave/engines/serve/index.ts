export { packageServe } from './package.ts'
export { parseServeParameters, type ServeParameters, serveParametersShape } from './parameters.ts'
