/**
 * The reaper: a process beside the manager that outlives it by a few seconds. It learns the pids of
 * the instances on stdin; when stdin ends, the manager is gone, and what has not ended by itself
 * after limits.reaperGraceMs is killed. Where there is a lease it learns its end as well, and keeps to
 * it whatever the manager does.
 */
import { limits } from '../../../limits.js'
import { realSystem, sleep } from '../../../system/system.js'
import { afterWholeTurn } from '../../../system/whole-turn.js'
import { LeaseWatch } from '../reaper/lease-watch.js'
import { startTimeOf } from '../reaper/process-start.js'
import { ReaperLedger } from '../reaper/reaper-ledger.js'

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It exited between the look and the kill.
  }
}

async function reap(ledger: ReaperLedger): Promise<void> {
  const letGo = realSystem.keepAlive()
  const killAt = realSystem.now() + limits.reaperGraceMs
  while (ledger.survivors(startTimeOf).length > 0 && realSystem.now() < killAt) {
    await sleep(realSystem, limits.reaperLookEveryMs)
  }
  for (const pid of ledger.survivors(startTimeOf)) kill(pid)
  letGo()
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.title = 'discordoo-machines reaper'
const ledger = new ReaperLedger()
const watch = new LeaseWatch(ledger, {
  system: realSystem,
  startTimeOf,
  afterTurn: afterWholeTurn,
  kill,
})
process.stdin.setEncoding('latin1')
process.stdin.on('data', (text: string) => {
  ledger.feed(text)
  watch.changed()
})
process.stdin.once('close', () => void reap(ledger))
