// A keeper for the devnet: the same judge, with the simulated chip underneath and simulated evidence believed, under the
// one root that its measured configuration names.
import { appraiseSimulated, simulatedMeasurement, simulatedVerifiers } from '@allod/attestation/simulated'
import { openChipDevice } from '@allod/attestation/simulated/device'
import { fail } from './errors.ts'
import { runKeeper } from './runKeeper.ts'

const flag = process.argv.indexOf('--unisolated')
const base = flag === -1 ? '/' : (process.argv[flag + 1] ?? '/')

await runKeeper(
  {
    openChip: openChipDevice,
    verifiers: ({ simulatedRoot }) => simulatedVerifiers(simulatedRoot === null ? [] : [simulatedRoot]),
    appraise:
      ({ isUnisolatedAllowed }) =>
      (bound, tee, demands) => {
        if (tee.trust !== 'simulated') throw fail('tee-refused', { expected: 'simulated', actual: tee.trust })
        return appraiseSimulated(bound, { ...demands, trust: 'simulated', root: tee.root, isUnisolatedAllowed })
      },
    predictMeasurement: simulatedMeasurement,
  },
  base,
)
