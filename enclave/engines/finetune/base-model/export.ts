import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readSafetensors, type Tensor, tensorOf, toFloat32, writeSafetensors } from '@allod/models'
import { DEMO_CONFIG } from './architecture.ts'
import { SPECIAL_TOKENS } from './tokenizer.ts'

/**
 * Writes the last checkpoint of `--work` as a Hugging Face folder to `--out` (`weights/` beside this file unless told).
 * @example node base-model/export.ts --work ~/demo-model
 */
const { values: args } = parseArgs({
  options: { work: { type: 'string' }, out: { type: 'string', default: join(import.meta.dirname, 'weights') } },
})
if (!args.work) throw new Error('say where the checkpoint is: --work DIR')

const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

const [END_OF_TEXT, , END_OF_TURN] = SPECIAL_TOKENS
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
const out = args.out
mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'config.json'), json(DEMO_CONFIG))
writeFileSync(join(out, 'tokenizer.json'), readFileSync(join(args.work, 'tokenizer.json')))
writeFileSync(
  join(out, 'tokenizer_config.json'),
  json({
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: false,
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TURN,
    pad_token: END_OF_TEXT,
    model_max_length: DEMO_CONFIG.max_position_embeddings,
    clean_up_tokenization_spaces: false,
    chat_template: CHAT_TEMPLATE,
  }),
)
writeFileSync(join(out, 'model.safetensors'), writeSafetensors(weightsOf(join(args.work, 'checkpoint.safetensors'))))

/** A checkpoint also holds the optimiser's state, which stays behind. */
function weightsOf(path: string): ReadonlyMap<string, Tensor> {
  const checkpoint = readSafetensors(new Uint8Array(readFileSync(path)))
  const values = [...checkpoint].filter(([name]) => name.endsWith('.value'))
  return new Map(
    values.map(([name, tensor]) => [name.replace('.value', ''), tensorOf(toFloat32(tensor), tensor.shape, 'F16')]),
  )
}
