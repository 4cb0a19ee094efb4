import { expect, test } from 'vitest'
import { rimId } from './rimId.ts'

const board = { project: '1010', projectSku: '0200', chipSku: '882' }

test.each([
  ['NV_GPU_DRIVER_GH100_550.144.03', { kind: 'driver', chip: 'GH100', version: '550.144.03' }],
  ['NV_GPU_CC_DRIVER_GB100_580.178.04', { kind: 'driver', chip: 'GB100', version: '580.178.04' }],
  ['NV_GPU_VBIOS_1010_0200_882_96005E0001', { kind: 'vbios', ...board, version: '96.00.5e.00.01' }],
  [
    'NV_SWITCH_BIOS_5612_0002_890_9610550001',
    { kind: 'switch', project: '5612', projectSku: '0002', chipSku: '890', version: '96.10.55.00.01' },
  ],
] as const)('%s', (id, subject) => {
  expect(rimId(subject)).toBe(id)
})
