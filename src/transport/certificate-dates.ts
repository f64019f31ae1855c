/** Warnings about certificates whose dates do not fit today. Pure: the clock is the caller's. */
import { MachinesError } from '../errors.js'
import type { LoadedCertificate, TlsMaterial } from './tls-material.js'

const consequences: Readonly<Record<LoadedCertificate['role'], string>> = {
  own: 'machines that check dates refuse it',
  pin: 'it is still accepted, because a pinned certificate is accepted by what it is',
  authority: 'what it signed is refused; itself it is still accepted as a pin',
}

/**
 * One DM_CERTIFICATE_EXPIRED for each certificate that has expired or is not valid yet, to be shown
 * as a warning. `wallClockMs` is the time since the Unix epoch.
 */
export function dateWarnings(material: TlsMaterial, wallClockMs: number): readonly MachinesError[] {
  return material.loaded.flatMap((loaded) => {
    const { validFrom, validTo } = loaded.certificate
    if (wallClockMs < Date.parse(validFrom)) {
      return [warning(loaded, `is not valid before ${validFrom}`)]
    }
    return wallClockMs > Date.parse(validTo) ? [warning(loaded, `expired on ${validTo}`)] : []
  })
}

function warning(loaded: LoadedCertificate, what: string): MachinesError {
  return new MachinesError(
    'DM_CERTIFICATE_EXPIRED',
    `${loaded.path}: the certificate ${loaded.file} ${what}: ${consequences[loaded.role]}`,
    { path: loaded.path, given: loaded.file },
  )
}
