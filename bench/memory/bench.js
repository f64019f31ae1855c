/** What managers and instances take of the memory while nothing happens. */
import { bareProcess, child, instance, parent, peer } from './contenders.js'

const metric = (name, what, afterGarbage) => ({
  name,
  unit: 'MiB',
  better: 'less',
  measure: { what, afterGarbage },
})
const needs = ['discord-cross-hosting', 'discord-hybrid-sharding']

/** @type {import('../lib/rounds.js').Bench} */
export const memory = {
  name: 'memory',
  title: 'Memory while nothing happens',
  metrics: [
    metric('resident', 'resident', false),
    metric('of that its own', 'own', false),
    metric('in use', 'kept', true),
    metric('resident without garbage', 'resident', true),
  ],
  contenders: [
    { name: 'bare', title: 'a bare process', start: bareProcess },
    {
      name: 'preload',
      title: 'the same as an instance, with the preload',
      smoke: false,
      start: () => instance('preload-bot.js'),
    },
    {
      name: 'api',
      title: 'the same with the bot API',
      start: () => instance('../start/bot.js'),
    },
    { name: 'child', title: 'child manager without a parent', start: () => child('idle') },
    {
      name: 'child-1',
      title: 'child manager of one process',
      smoke: false,
      start: () => child('manager'),
    },
    {
      name: 'reaper',
      title: 'the reaper of its processes',
      smoke: false,
      start: () => child('reaper'),
    },
    {
      name: 'machine-1',
      title: 'machine of discord-cross-hosting, of one process',
      needs,
      start: () => peer('machine'),
    },
    { name: 'parent-1', title: 'parent of 1 machine', start: () => parent(1, 1) },
    { name: 'parent-10', title: 'parent of 10 machines', smoke: false, start: () => parent(10, 1) },
    { name: 'parent-50', title: 'parent of 50 machines', smoke: false, start: () => parent(50, 1) },
    {
      name: 'parent-10x100',
      title: 'parent of 10 machines with 100 instances each',
      smoke: false,
      start: () => parent(10, 100),
    },
    {
      name: 'bridge',
      title: 'bridge of discord-cross-hosting, of 2 machines',
      needs,
      start: () => peer('bridge'),
    },
  ],
  differences: [
    { name: 'preload-adds', title: 'the preload adds, MiB', of: 'preload', less: 'bare', times: 1 },
    { name: 'api-adds', title: 'the bot API adds, MiB', of: 'api', less: 'preload', times: 1 },
    {
      name: 'per-link',
      title: 'parent, for each machine, KiB',
      of: 'parent-50',
      less: 'parent-10',
      times: 1_024 / 40,
    },
    {
      name: 'per-instance',
      title: 'parent, for each remote instance, KiB',
      of: 'parent-10x100',
      less: 'parent-10',
      times: 1_024 / 990,
    },
  ],
  targets: [
    { metric: 'resident without garbage', subject: 'child-1', against: 'machine-1', ratio: 1 },
    { metric: 'resident without garbage', subject: 'parent-1', against: 'bridge', ratio: 1 },
  ],
}
