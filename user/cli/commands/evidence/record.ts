import { release } from 'node:os'
import { recordMachine } from '@allod/attestation/device'
import { type Json, toHex } from '@allod/protocol'
import { writeJson } from '@allod/sdk/node'
import { collateralSource, sourceOptions } from '../../flows/collateralSource.ts'
import { evidenceChoices, evidenceOptions } from '../../flows/evidenceOptions.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'

export const command: Command = {
  arguments: [],
  options: {
    out: { type: 'string', value: '<file>', says: 'where to' },
    gpus: { type: 'boolean', says: 'GPUs and NVSwitches too; needs NVIDIA’s nvattest' },
    nonce: { ...evidenceOptions.nonce, says: 'the 32 bytes to answer; random unless told' },
    'no-fetch': { type: 'boolean', says: 'ask nobody for collateral' },
    ...sourceOptions,
  },
  about:
    'Asks this machine’s chip and devices over a nonce, fetches the collateral that goes with their answers, and writes one file: evidence, collateral, the firmware’s event log, nonce, kernel version. A recording names the chip for ever. Run it as root inside a confidential virtual machine.',
  async run(context) {
    const { values, out } = context
    const file = values.out
    if (typeof file !== 'string') throw fail('bad-usage', { expected: '--out <file>', actual: 'none' })
    const { nonce } = evidenceChoices({ nonce: values.nonce })
    const collateral = values['no-fetch'] === true ? null : await collateralSource(context)
    const recording = await out.step('asking the devices', async () =>
      recordMachine({
        nonce: nonce ?? toHex(crypto.getRandomValues(new Uint8Array(32))),
        gpus: values.gpus === true,
        collateral,
        kernel: release(),
        now: Math.floor(Date.now() / 1000),
      }),
    )
    await writeJson(file, recording as Json)
    const kinds = [...(recording.cpu === null ? [] : [recording.cpu]), ...recording.devices].map((p) => p.kind)
    const { missing } = recording
    out.result({ file, nonce: recording.nonce, kinds, missing: [...missing] }, `${file}: ${kinds.join(', ')}`)
    for (const one of missing) out.note(`missing: ${one}`)
    out.note(`see what it is worth: npx allod evidence verify ${file} --nonce ${recording.nonce}`)
  },
}
