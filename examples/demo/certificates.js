// Certificates for one run, in a folder of their own: what an operator makes once with openssl.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export async function makeCertificates(names) {
  const folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-demo-'))
  const paths = {}
  for (const name of names) {
    const made = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' })
    paths[name] = { public: join(folder, `${name}.pub`), private: join(folder, `${name}.key`) }
    await writeFile(paths[name].public, made.cert)
    await writeFile(paths[name].private, made.private, { mode: 0o600 })
  }
  return { folder, paths, remove: () => rm(folder, { recursive: true, force: true }) }
}
