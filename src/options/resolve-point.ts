/** The options of one point, for a machine that is added while the manager runs. */
import { MachinesError } from '../errors.js'
import { canonicalAddress } from './host-check.js'
import { type OptionsEnvironment, processEnvironment } from './options-environment.js'
import { Place } from './place.js'
import { point } from './point-options.js'
import type { ResolvedPoint, ResolvedTls } from './resolved-options.js'

/**
 * Checks a point as the constructor checks `machines.points[n]`, and fills in every default.
 *
 * `parentTls`: what the parent was given as `machines.tls`. `taken`: the points there are already;
 * one with the same address or name is DM_OPTION_CONFLICT. Throws as `resolveOptions` does; paths of
 * options begin with `point`.
 */
export function resolvePoint(
  given: unknown,
  parentTls: ResolvedTls | false | undefined,
  taken: readonly ResolvedPoint[] = [],
  environment: OptionsEnvironment = processEnvironment(),
): ResolvedPoint {
  const at = Place.root(environment, 'point')
  const checked = point.read(given, at)
  if (checked !== undefined) refuseTaken(checked, taken, at)
  const fault = at.summary()
  if (fault !== undefined) throw fault
  if (checked === undefined) throw new MachinesError('DM_INTERNAL', 'a point without a result')
  return checked.finish(parentTls)
}

function refuseTaken(
  { address, name }: { readonly address: string; readonly name: string },
  taken: readonly ResolvedPoint[],
  at: Place,
): void {
  const neighbour = taken.find((other) => canonicalAddress(other) === address)
  if (neighbour !== undefined) {
    const sentence = `${address} is the address of ${neighbour.name} too; one machine is one point`
    at.child('host').fault('DM_OPTION_CONFLICT', sentence, { given: address })
  } else if (taken.some((other) => other.name === name)) {
    const shown = JSON.stringify(name)
    const sentence = `${shown} is the name of another machine; names are unique`
    at.child('name').fault('DM_OPTION_CONFLICT', sentence, { given: shown })
  }
}
