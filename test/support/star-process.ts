/** Parents and children of test/fixtures/managers as real processes, with what all their tests share. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { botFile } from './launched-bot.js'
import { ManagerProcess } from './manager-process.js'

/** Finds a peer that went without a word soon, and one that returned as soon. */
export const quickLink = { preset: 'local', heartbeatMs: 250, silenceMs: 1_500 } as const

export interface StarProcess {
  readonly file: 'star-parent' | 'star-child'
  readonly options: object
  /** Where it keeps what it writes. */
  readonly cwd: string
  /** URL of the gateway, for the bots. */
  readonly gateway: string
  /** Put before the command. */
  readonly under?: readonly string[]
}

export function startStar({
  file,
  options,
  cwd,
  gateway,
  under = [],
}: StarProcess): ManagerProcess {
  const path = fileURLToPath(new URL(`../fixtures/managers/${file}.js`, import.meta.url))
  const [command, ...words] = [...under, process.execPath, path]
  const child = spawn(command, [...words, JSON.stringify(options)], {
    cwd,
    env: { ...process.env, GATEWAY: gateway, DISCORDOO_MACHINES_SECRET: 'the secret of the tests' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // Orders to one that was killed meanwhile are lost, as they would be anywhere.
  child.stdin.on('error', () => {})
  return new ManagerProcess(child)
}

/** Options of a child whose bots hold sessions, quick enough for tests. */
export function childOptions(networkHost: string, networkPort: number, stateDir: string): object {
  return {
    file: botFile('session.js'),
    output: 'ignore',
    killTimeoutMs: 500,
    respawn: { delayMs: 50, delayMsMax: 200, attemptsMax: 10, healthyMs: 60_000 },
    machines: {
      me: 'child',
      ipc: { networkHost, networkPort, udp: false },
      stateDir,
      link: quickLink,
    },
  }
}
