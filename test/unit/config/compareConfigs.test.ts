import { expect, test } from 'vitest'
import { compareConfigs } from '../../../src/config/compareConfigs.ts'
import { loadConfig } from '../../../src/config/load.ts'

const compare = (base: string, head: string) => compareConfigs(loadConfig(base, 'c.yml'), loadConfig(head, 'c.yml'))
const NONE = { added: [], removed: [], changed: [], top: [] }

test('instances that come, go and change, and the keys that do', () => {
  const base = `timezone: UTC
instances:
  - {id: a, customImage: "i:1", schedule: "0 2 * * *", env: {A: "1", B: s3cret, C: x}}
  - {id: b, customImage: "i:1", targets: [{volume: v}, {db: d, databases: [x]}, {volume: w}]}
  - {id: gone, customImage: "i:1"}
`
  const head = `timezone: Europe/Berlin
timeout: 1h
instances:
  - {id: new, customImage: "i:1"}
  - {id: b, customImage: "i:1", targets: [{volume: v, exclude: [x]}, {db: e}, {volume: w}]}
  - {id: a, customImage: "i:2", env: {B: other, C: x, D: y}, schedule: "0 3 * * *"}
`
  expect(compare(base, head)).toEqual({
    added: ['new'],
    removed: ['gone'],
    changed: [
      { id: 'b', keys: ['targets (volume v)', 'targets (db e)', 'targets (db d)'] },
      { id: 'a', keys: ['customImage', 'env.B', 'env.D', 'env.A', 'schedule'] },
    ],
    top: ['timezone', 'timeout'],
  })
})

test('what means the same is no change', () => {
  const flow = 'instances: [{id: a, customImage: "i:1", targets: [{volume: v}, {volume: w}], env: {A: "1", B: "2"}}]\n'
  const block = `x-free: &e {B: "2", A: "1"}
instances:
  - env: *e # the same
    id: a
    schedule:
    targets:
      - volume: w
      - volume: v
    customImage: i:1
`
  expect(compare(flow, block)).toEqual(NONE)
  expect(compare(block, flow)).toEqual(NONE)
})
