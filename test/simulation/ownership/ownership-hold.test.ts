import { describeSeeds } from './seeds.js'

describeSeeds('hold', { launch: 5, call: 1, 'machine-lost': 0.5, moved: 0.03 })
