export { type Artifact, artifacts } from './artifacts.ts'
export { type Deployment, type DeployOptions, deploy } from './deploy.ts'
