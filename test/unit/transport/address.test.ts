import { describe, expect, it } from 'vitest'
import {
  addressGroup,
  formatAddress,
  plainHost,
  withoutZone,
} from '../../../src/transport/address.js'

describe('formatAddress', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:8379'],
    ['bot.example', 'bot.example:8379'],
    ['::1', '[::1]:8379'],
    ['FE80::0202:B3FF:FE1E:8329', '[FE80::0202:B3FF:FE1E:8329]:8379'],
    ['fe80::1%eth0', '[fe80::1%eth0]:8379'],
  ])('writes %s as %s', (host, text) => {
    expect(formatAddress({ host, port: 8379 })).toBe(text)
  })
})

describe('plainHost', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['FE80::1', 'fe80::1'],
    ['::ffff:0:1', '::ffff:0:1'],
  ])('counts %s as %s', (host, plain) => {
    expect(plainHost(host)).toBe(plain)
  })
})

describe('withoutZone', () => {
  it('takes the zone off and leaves everything else', () => {
    expect(withoutZone('fe80::1%eth0')).toBe('fe80::1')
    expect(withoutZone('::1')).toBe('::1')
  })
})

describe('addressGroup', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['bot.example', 'bot.example'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('counts %s as %s', (host, group) => {
    expect(addressGroup(host)).toBe(group)
  })
})
