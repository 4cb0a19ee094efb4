export { type FinetuneOptions, type FinetuneResult, finetune } from './finetune.ts'
