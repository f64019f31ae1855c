import { describe, expect, it } from 'vitest'
import { loadUdx } from '../../../src/transport/udx.js'

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`no: ${code}`), { code }))
}

describe('loadUdx', () => {
  it('gives something to make sockets and streams with', async () => {
    const Udx = await loadUdx()
    const udx = new Udx()
    expect(udx.createSocket().address()).toBeNull()
  })

  it('says how to install the package where it is missing', async () => {
    await expect(loadUdx(failing('ERR_MODULE_NOT_FOUND'))).rejects.toMatchObject({
      code: 'DM_UDP_UNAVAILABLE',
      message: expect.stringContaining('npm install udx-native'),
      cause: expect.objectContaining({ code: 'ERR_MODULE_NOT_FOUND' }),
    })
  })

  it('names the system where the package has no build that works', async () => {
    await expect(loadUdx(failing('ERR_DLOPEN_FAILED'))).rejects.toMatchObject({
      code: 'DM_UDP_UNAVAILABLE',
      message: expect.stringContaining(`cannot be loaded on ${process.platform}-${process.arch}`),
    })
  })

  it('refuses a package that is not what it should be', async () => {
    await expect(loadUdx(() => Promise.resolve({ default: {} }))).rejects.toMatchObject({
      code: 'DM_UDP_UNAVAILABLE',
    })
  })
})
