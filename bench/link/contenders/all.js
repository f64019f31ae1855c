/** Who takes part, by name. Peers are loaded when they are first asked for. */

/** @type {Record<string, () => Promise<{ serve(): Promise<{ port: number }>, dial(port: number): Promise<any> }>>} */
const makers = {
  link: async () => (await import('./links.js')).links(),
  'link-udp': async () => (await import('./links.js')).links({ carrier: 'udp' }),
  'tls-echo': async () => (await import('./echo.js')).echo({ secure: true, staged: false }),
  'tls-echo-staged': async () => (await import('./echo.js')).echo({ secure: true, staged: true }),
  'tls-json': async () => (await import('./json.js')).json({ secure: true, staged: false }),
  'tls-json-staged': async () => (await import('./json.js')).json({ secure: true, staged: true }),
  'net-ipc-tls': async () => (await import('./net-ipc.js')).netIpc({ secure: true }),
  'cross-hosting': async () => (await import('./cross-hosting.js')).crossHosting({ secure: false }),
  'cross-hosting-tls': async () =>
    (await import('./cross-hosting.js')).crossHosting({ secure: true }),
  'udp-carrier': async () => (await import('./udx.js')).ourCarrier(),
  'udx-tls-json': async () => (await import('./udx.js')).bareUdx(),
}

/** @param {string} name */
export function contender(name) {
  const make = makers[name]
  if (make === undefined) throw new Error(`nobody is called ${name}`)
  return make()
}
