/** Two hosts on one machine: network namespaces joined by a virtual cable that can be pulled. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' })
}

/** Why there can be no such hosts here, or undefined when there can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux'
  const name = `dm${randomBytes(3).toString('hex')}`
  try {
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return undefined
  } catch {
    return 'this user may not make network namespaces, or iproute2 is missing'
  }
}

export interface Host {
  readonly name: string
  readonly ipv4: string
  readonly ipv6: string
  readonly cable: string
}

export class Hosts {
  readonly left: Host
  readonly right: Host

  constructor() {
    const tag = randomBytes(3).toString('hex')
    this.left = host(`dm${tag}l`, 1)
    this.right = host(`dm${tag}r`, 2)
    for (const { name } of [this.left, this.right]) ip('netns', 'add', name)
    const { left, right } = this
    ip(
      'link',
      'add',
      left.cable,
      'netns',
      left.name,
      'type',
      'veth',
      'peer',
      'name',
      right.cable,
      'netns',
      right.name,
    )
    for (const one of [left, right]) this.#configure(one)
  }

  /** What to put in front of a command so that it runs on this host. */
  on({ name }: Host): readonly string[] {
    return ['ip', 'netns', 'exec', name]
  }

  /** Pulls the cable: nothing is refused, everything vanishes. */
  pull(): void {
    ip('-n', this.right.name, 'link', 'set', this.right.cable, 'down')
  }

  plug(): void {
    ip('-n', this.right.name, 'link', 'set', this.right.cable, 'up')
    // Addresses of IPv6 go with the link.
    this.#address6(this.right)
  }

  remove(): void {
    for (const { name } of [this.left, this.right]) ip('netns', 'del', name)
  }

  #configure(one: Host): void {
    ip('-n', one.name, 'link', 'set', 'lo', 'up')
    ip('-n', one.name, 'addr', 'add', `${one.ipv4}/24`, 'dev', one.cable)
    ip('-n', one.name, 'link', 'set', one.cable, 'up')
    this.#address6(one)
  }

  #address6(one: Host): void {
    // nodad: an address that is still being checked for duplicates cannot be listened on.
    ip('-n', one.name, 'addr', 'replace', `${one.ipv6}/64`, 'dev', one.cable, 'nodad')
  }
}

function host(name: string, last: number): Host {
  return { name, ipv4: `10.83.79.${last}`, ipv6: `fd83:79::${last}`, cable: `c${name}` }
}
