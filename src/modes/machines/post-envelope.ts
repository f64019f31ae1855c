/** Hands envelopes to a link, and tells a full one from a closed one. */
import type { Link } from '../../link/link.js'
import { isRouterReport } from '../../routing/router-reports.js'
import type { Taken } from '../../routing/router-types.js'
import { LinkMessageKind } from './control-messages.js'

/** What tells envelopes from other messages of a link. */
const envelopeHead = Uint8Array.of(LinkMessageKind.ENVELOPE)

/**
 * What routers say themselves is vital: it is small, and by it an asker learns what else a full link
 * did not take.
 */
export function postEnvelope(link: Pick<Link, 'isOpen' | 'send'>, envelope: Uint8Array): Taken {
  const importance = isRouterReport(envelope) ? 'vital' : 'normal'
  if (link.send([envelopeHead, envelope], importance)) return true
  return link.isOpen ? 'full' : false
}
