/**
 * Calls back when the event loop has gone round: what waited in sockets and ports at this moment has
 * been read by then, wherever in a turn it was called.
 */
export function afterWholeTurn(action: () => void): void {
  // The first one may follow in this very turn, before its sockets were looked at.
  setImmediate(() => setImmediate(action))
}
