/** Hands envelopes to a link, and tells a full one from a closed one. */
import type { Link } from '../../link/link.js'
import { isRouterReport } from '../../routing/router-reports.js'
import type { Taken } from '../../routing/router-types.js'
import { encodeEnvelopeMessage } from './control-messages.js'

/**
 * What routers say themselves is vital: it is small, and by it an asker learns what else a full link
 * did not take.
 */
export function postEnvelope(link: Pick<Link, 'isOpen' | 'send'>, envelope: Uint8Array): Taken {
  const importance = isRouterReport(envelope) ? 'vital' : 'normal'
  if (link.send(encodeEnvelopeMessage(envelope), importance)) return true
  return link.isOpen ? 'full' : false
}
