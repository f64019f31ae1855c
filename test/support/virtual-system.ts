/** The clock and the dice of tests are a product, and live with the other ones. */
export { seededRandom } from '../../src/testing/seeded-random.js'
export { VirtualSystem } from '../../src/testing/virtual-system.js'
