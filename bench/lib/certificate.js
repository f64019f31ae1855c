/** One self-signed certificate for a run, on disk, where every process of it finds it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export async function withCertificate(work) {
  const folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-bench-'))
  try {
    const made = await generate([{ name: 'commonName', value: 'bench' }], { keyType: 'ec' })
    await writeFile(join(folder, 'cert.pem'), made.cert)
    await writeFile(join(folder, 'key.pem'), made.private, { mode: 0o600 })
    process.env.BENCH_CERTIFICATE = folder
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
