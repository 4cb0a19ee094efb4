// A keeper for hardware. It believes no simulated evidence: nothing of that kind is in its bundle.
import { appraise, strictHardware } from '@allod/attestation'
import { hardwareVerifiers } from '@allod/attestation/hardware'
import { fail } from './errors.ts'
import { runKeeper } from './runKeeper.ts'

await runKeeper(
  {
    // Neither TDX nor SEV-SNP gives a guest a sealing key without a driver of ours. Until there is one a keeper on hardware
    // says so and ends, rather than run on less.
    openChip: () => {
      throw fail('no-hardware')
    },
    verifiers: hardwareVerifiers,
    appraise: () => (bound, tee, demands) => {
      if (tee.trust !== 'hardware') throw fail('tee-refused', { expected: 'hardware', actual: tee.trust })
      return appraise(bound, { ...demands, ...strictHardware, kinds: tee.kinds })
    },
    predictMeasurement: () => null,
  },
  '/',
)
