import { expect, test } from 'vitest'
import type { Target } from '../../../src/config/instance.ts'
import { settleInstance } from '../../../src/config/interpolate.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { pendingKeys } from '../../../src/config/pending.ts'

function pending(inside: string, top = '', targets?: readonly Target[]): readonly string[] {
  const text = `${top}instances:\n  - id: other\n    customImage: y\n    runsOn: other\n  - id: a\n    ${inside.includes('repository:') ? '' : 'customImage: x'}\n${inside.replace(/^/gm, '    ')}\n`
  const config = loadConfig(text, 'config.yml')
  const raw = config.instances[1]
  if (raw === undefined) throw new Error('no instance')
  return pendingKeys(config, settleInstance(config, raw, () => undefined).instance, targets)
}

const line = (key: string, where: number | string) =>
  `\`${key}\` (${typeof where === 'number' ? `line ${where}` : where}) is not built yet in this version: remove it, or wait for the version that has it`

test.each`
  inside                                                                     | top                       | lines
  ${'targets:\n  - volume: v\n    staging: copy\n    paths: [a]'}            | ${''}                     | ${[]}
  ${'targets: []'}                                                           | ${'stopAttached: true\n'} | ${[]}
  ${'repository: /r'}                                                        | ${''}                     | ${[line('repository', 7)]}
  ${'targets:\n  - db: pg\n  - volume: v\n  - db: my'}                       | ${''}                     | ${[line('db', 8), line('db', 10)]}
  ${'targets:\n  - volume: v\n    preHook: x\n    postHook: y'}              | ${''}                     | ${[line('preHook', 9), line('postHook', 10)]}
  ${'targets:\n  - volume: v\n    stopAttached: true'}                       | ${''}                     | ${[line('stopAttached', 9)]}
  ${'targets:\n  - volume: v\n    stopAttached: true\n    staging: presync'} | ${''}                     | ${[line('stopAttached', 9), line('staging: presync', 10)]}
  ${'targets:\n  - volume: v\n  - volume: w'}                                | ${'stopAttached: true\n'} | ${[line('stopAttached', 1)]}
  ${'targets:\n  - volume: v\n    stopAttached: false'}                      | ${'stopAttached: true\n'} | ${[]}
  ${'stopAttached: true\ntargets:\n  - volume: v'}                           | ${''}                     | ${[line('stopAttached', 7)]}
  ${'catchUp: 6h\nrunsOn: [nas]\ncoverage: {}\nping-url: https://x'}         | ${''}                     | ${[line('catchUp', 7), line('runsOn', 8), line('coverage', 9), line('ping-url', 10)]}
  ${'targets: []'}                                                           | ${'catchUp: false\n'}     | ${[line('catchUp', 1)]}
  ${'discover: all'}                                                         | ${''}                     | ${[line('discover: all', 7)]}
  ${'discover: labels'}                                                      | ${''}                     | ${[]}
`('$top$inside', ({ inside, top, lines }) => {
  expect(pending(inside, top)).toEqual(lines)
})

test('what labels ask for counts too', () => {
  const hooks = { preHook: null, postHook: 'x', line: null }
  const targets: Target[] = [
    {
      kind: 'volume',
      name: 'v',
      paths: [],
      exclude: [],
      stopAttached: true,
      staging: null,
      allowEmpty: false,
      ...hooks,
    },
    { kind: 'db', container: 'pg', dbKind: 'postgres', databases: [], dumpArgs: [], ...hooks },
  ]
  expect(pending('', '', targets)).toEqual([
    line('db', 'asked for by a label of container "pg"'),
    line('postHook', 'asked for by a label of volume "v"'),
    line('postHook', 'asked for by a label of container "pg"'),
    line('stopAttached', 'asked for by a label of volume "v"'),
  ])
  expect(pending('', 'stopAttached: true\n', targets)).toContain(line('stopAttached', 1))
})
