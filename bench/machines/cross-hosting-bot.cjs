// The bot of discord-cross-hosting: cluster 0 asks, all answer.
const { ClusterClient } = require('discord-hybrid-sharding')
const { messageType, Shard } = require('discord-cross-hosting')

const settings = JSON.parse(process.env.BENCH_SETTINGS)

/** What stands for the client of a bot: no gateway, no cache. */
const client = { answer: Number(process.env.CLUSTER ?? 0), emit() {}, on() {} }
client.cluster = new ClusterClient(client)
client.machine = new Shard(client.cluster)
client.cluster.on('message', (message) => {
  if (message.raw?.body !== undefined) message.reply({ body: message.raw.body })
})

async function prepare() {
  const { workload, checkAnswers } = await import('./workload.js')
  const { small, checkEcho } = await import('../lib/payloads.js')
  // The shard of a guild is (id >> 22) % totalShards: this one is served by the last cluster.
  const guildId = String(BigInt(settings.count - 1) << 22n)
  const far = () => ({ guildId, options: {}, _type: messageType.GUILD_DATA_REQUEST })
  // requestToGuild() with `eval` is given a type that the bridge does not answer, so what it should
  // have sent is sent here.
  const ask = (message) => client.machine.request({ ...far(), ...message }, { internal: true })
  const calls = {
    eval: () => ask({ eval: true, script: 'this.answer' }),
    request: () => ask({ body: small }),
    broadcast: () => client.machine.broadcastEval('this.answer'),
  }
  client.measure = workload(calls)
  const checks = {
    broadcast: async () => checkAnswers(await calls.broadcast(), settings.count),
    async eval() {
      if (typeof (await calls.eval()) !== 'number') throw new Error('eval gave no number')
    },
    request: async () => checkEcho(small, (await calls.request()).body),
  }
  client.check = async () => {
    for (const call of settings.calls) await checks[call]()
    return true
  }
}

void prepare().then(() => client.cluster.triggerReady())
