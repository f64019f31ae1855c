// What the demo prints: progress while instances start, tables afterwards.
import Table from 'cli-table3'
import pc from 'picocolors'

const plain = { head: [], border: [] }

export function showProgress(manager, total) {
  const started = performance.now()
  let ready = 0
  manager.on('machine', ({ name, phase, error }) => {
    const colour = phase === 'ready' ? pc.green : phase === 'failed' ? pc.red : pc.cyan
    say(started, `${pc.bold(name)} ${colour(phase)}${error ? `: ${error.message}` : ''}`)
  })
  manager.on('instanceReady', (instance) => {
    ready += 1
    const shards = range(instance.shards)
    say(
      started,
      `  instance ${instance.id} (shards ${shards}) on ${instance.machine} ${bar(ready, total)}`,
    )
  })
}

export function machineTable(machines) {
  const table = new Table({
    head: ['machine', 'mode', 'instances', 'shards', 'ping'].map((name) => pc.bold(name)),
    style: plain,
  })
  for (const { name, mode, instances, pingMs } of machines) {
    const shards = instances.flatMap((instance) => instance.shards)
    const ids = instances.map(({ id }) => id)
    table.push([
      name,
      mode,
      range(ids),
      range(shards),
      pingMs === undefined ? '-' : `${pingMs.toFixed(2)} ms`,
    ])
  }
  return table.toString()
}

export function outcomeTable(outcomes) {
  const table = new Table({
    head: ['instance', 'machine', 'shards', 'outcome', 'guilds'].map((name) => pc.bold(name)),
    style: plain,
  })
  for (const outcome of outcomes) {
    const value =
      outcome.status === 'ok' ? outcome.value.toLocaleString('en') : outcome.error.message
    table.push([outcome.instance, outcome.machine, range(outcome.shards), outcome.status, value])
  }
  return table.toString()
}

function range(sorted) {
  return sorted.length > 1 ? `${sorted[0]}-${sorted.at(-1)}` : `${sorted[0]}`
}

function bar(done, total) {
  return pc.dim(`[${'#'.repeat(done)}${'.'.repeat(total - done)}] ${done}/${total}`)
}

function say(started, text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(2).padStart(6)
  console.log(`${pc.dim(`${seconds} s`)}  ${text}`)
}
