import { describeSeeds } from './seeds.js'

describeSeeds('reassign', { launch: 5, call: 1, 'machine-lost': 0.5, moved: 0.2, lapsed: 0.2 })
