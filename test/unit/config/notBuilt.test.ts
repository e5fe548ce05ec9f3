import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { pendingKeys } from '../../../src/config/notBuilt.ts'
import { resolveInstance } from '../../../src/config/resolveInstance.ts'

function pending(inside: string, top = ''): readonly string[] {
  const text = `${top}instances:\n  - id: other\n    customImage: y\n    runsOn: other\n  - id: a\n    ${inside.includes('repository:') ? '' : 'customImage: x'}\n${inside.replace(/^/gm, '    ')}\n`
  const config = loadConfig(text, 'config.yml')
  const raw = config.instances[1]
  if (raw === undefined) throw new Error('no instance')
  return pendingKeys(config, resolveInstance(config, raw, () => undefined).instance)
}

const line = (key: string, where: number) =>
  `\`${key}\` (line ${where}) is not built yet in this version: remove it, or wait for the version that has it`

test.each`
  inside                                                                     | top                       | lines
  ${'targets:\n  - volume: v\n    staging: copy\n    paths: [a]'}            | ${''}                     | ${[]}
  ${'targets: []'}                                                           | ${'stopAttached: true\n'} | ${[]}
  ${'repository: /r'}                                                        | ${''}                     | ${[line('repository', 7)]}
  ${'targets:\n  - db: pg\n  - volume: v\n  - db: my'}                       | ${''}                     | ${[]}
  ${'targets:\n  - volume: v\n    preHook: x\n    postHook: y'}              | ${''}                     | ${[]}
  ${'targets:\n  - volume: v\n    stopAttached: true'}                       | ${''}                     | ${[]}
  ${'targets:\n  - volume: v\n    stopAttached: true\n    staging: presync'} | ${''}                     | ${[]}
  ${'targets:\n  - volume: v\n  - volume: w'}                                | ${'stopAttached: true\n'} | ${[]}
  ${'targets:\n  - volume: v\n    stopAttached: false'}                      | ${'stopAttached: true\n'} | ${[]}
  ${'stopAttached: true\ntargets:\n  - volume: v'}                           | ${''}                     | ${[]}
  ${'catchUp: 6h\nrunsOn: [nas]'}                                            | ${''}                     | ${[]}
  ${'discover: all'}                                                         | ${''}                     | ${[]}
  ${'discover: labels'}                                                      | ${''}                     | ${[]}
`('$top$inside', ({ inside, top, lines }) => {
  expect(pending(inside, top)).toEqual(lines)
})
