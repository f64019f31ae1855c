// The same without anything: says one word, and stays until it is told to go.
if (process.send === undefined) {
  const { parentPort } = await import('node:worker_threads')
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage('ready')
  parentPort?.ref()
  parentPort?.on('message', () => {})
} else {
  process.send('ready')
  process.on('disconnect', () => process.exit())
}
