// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { KNOWN_KEYS } from '../../../src/config/schema.ts'
import { ConfigError, type ConfigIssue } from '../../../src/errors.ts'
import { cpuTime } from '../../support/cpuTime.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const WRONG = join(FIXTURES, 'wrong')

function issuesOf(text: string, file = 'config.yml'): readonly ConfigIssue[] {
  try {
    loadConfig(text, file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues
  }
  return []
}

/** What a person sees of a wrong file: each issue with its place. */
function complaint(text: string): string {
  const lines = issuesOf(text).map(({ line, column, path, message }) => `${line}:${column} [${path}] ${message}`)
  return lines.length === 0 ? 'no complaint' : lines.join('\n')
}

const instance = (yaml: string) => `instances:\n  - id: a\n    customImage: x\n${yaml.replace(/^/gm, '    ')}\n`

describe('large files', () => {
  const many = (count: number, entry: (index: number) => string) =>
    Array.from({ length: count }, (_, n) => entry(n)).join('')

  test('thousands of instances that share an env, or hundreds that share a large one', () => {
    const shared = (instances: number, keys: number) =>
      `x-env: &env {${many(keys, (n) => `K${n}: v, `)}}\ninstances:\n${many(instances, (n) => `  - id: i${n}\n    customImage: a/b\n    env: {<<: *env, OWN: x}\n    targets: []\n`)}`
    for (const [instances, keys] of [
      [2500, 24],
      [300, 300],
    ] as const)
      expect(loadConfig(shared(instances, keys), 'config.yml').instances).toHaveLength(instances)
  }, 60_000)

  test('a text made to explode is refused before it has, in whatever size and shape', () => {
    const list = (of: string, times: number) => `[${many(times, () => `${of}, `)}]`
    const levels = 'bcdefghi'.split('')
    const wide = `x-a: &a ${list('1', 5000)}\nx-b: &b ${list('*a', 5000)}\ninstances: ${list('*b', 5000)}\n`
    const deep = `x-a: &a ${list('1', 9)}\n${levels.map((c, i) => `x-${c}: &${c} ${list(`*${'abcdefgh'[i]}`, 9)}\n`).join('')}instances: []\n`
    const merged = `x-a: &a {${many(5000, (n) => `K${n}: v, `)}}\ninstances:\n${many(500, () => '  - {<<: *a}\n')}`
    for (const text of [wide, deep, merged, `${deep}#${'x'.repeat(500_000)}`]) {
      const before = process.memoryUsage().rss
      expect(issuesOf(text).map(({ message }) => message)).toEqual([
        expect.stringContaining('expands to far more than a configuration can hold'),
      ])
      expect(process.memoryUsage().rss - before).toBeLessThan(600e6)
    }
  }, 60_000)

  test('10,000 plain instances', () => {
    const text = `instances:\n${many(10_000, (n) => `  - id: i${n}\n    customImage: a/b\n    schedule: "0 3 * * 7"\n    targets: [{volume: v${n}}]\n`)}`
    expect(loadConfig(text, 'config.yml').instances).toHaveLength(10_000)
  }, 180_000) // 2 s of one processor

  test('thousands of instances that share an anchor', () => {
    const text = `x-base: &base\n  customImage: a/b\n  schedule: "0 3 * * *"\ninstances:\n${many(5000, (n) => `  - <<: *base\n    id: i${n}\n`)}`
    expect(loadConfig(text, 'config.yml').instances.at(-1)).toMatchObject({ id: 'i4999', line: 10003, column: 5 })
  }, 60_000)

  test('an alias stands for the last node above it that has its anchor', () => {
    const text =
      'x-a: &a one\nx-b: &a two\ninstances:\n  - {id: a, customImage: x, network: *a, user: &a three, helperImage: *a}\n'
    const { tree } = loadConfig(text, 'config.yml')
    expect(tree.instances).toMatchObject([{ network: 'two', helperImage: 'three' }])
  })
})

describe('wrong files show everything at once', () => {
  for (const name of readdirSync(WRONG).filter((file) => file.endsWith('.yml'))) {
    test(name, async () => {
      const shown = complaint(readFileSync(join(WRONG, name), 'utf8'))
      await expect(`${shown}\n`).toMatchFileSnapshot(join(WRONG, name.replace(/yml$/, 'txt')))
    })
  }
})

describe("Marina 0.9's own example", () => {
  const config = loadConfig(readFileSync(join(FIXTURES, 'marina-0.9.yml'), 'utf8'), 'config.yml')

  test('its instances, with the variables that they need', () => {
    expect(config.instances.map(({ id, line, schedule, variables }) => ({ id, line, schedule, variables }))).toEqual([
      { id: 'hetzner-s3', line: 2, schedule: { cron: '0 2 * * *', timezone: 'UTC', line: 4 }, variables: [] },
      { id: 'local-backup', line: 31, schedule: { cron: '0 3 * * *', timezone: 'UTC', line: 33 }, variables: [] },
      {
        id: 'env-example',
        line: 40,
        schedule: { cron: '30 2 * * *', timezone: 'UTC', line: 42 },
        variables: ['BACKUP_VOLUME', 'DO_SPACES_KEY', 'DO_SPACES_SECRET', 'RESTIC_PASS'],
      },
    ])
    expect(config.nodeNameVariables).toEqual(['NODE_NAME'])
  })

  test('one notice for each key of the daemon', () => {
    expect(config.notices.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '87 `dbPath` is not used here: nothing is kept in a database: runs, logs and reports are in the Actions tab',
      '88 `apiPort` is not used here: the Actions tab and the API of GitHub replace the server',
      '89 `corsOrigins` is not used here: the Actions tab replaces the dashboard',
      '102 `authPassword` is not used here: the Actions tab replaces the dashboard: who may read the repository sees the runs; remove the password from the file',
      '107 `peers` is not used here: the fleet of runners replaces them: one runner beside each Docker host, `runsOn` in its instances',
    ])
  })
})

describe('what is taken', () => {
  test.each([
    ['a version', 'version: 1\n', ''],
    ['free keys at the top', 'x-anything: {a: [1]}\n', ''],
    ['keys without a value, which count as left out', 'retention:\n', 'schedule:\ntimeout: ""\nenv:'],
    ["Marina's booleans", 'stopAttached: yes\n', 'stopAttached: "off"'],
    ['a daemon key of any kind', 'apiPort: 8080\nmesh: {nodeName: x}\n', ''],
    [
      'numbers and booleans where a text is meant',
      '',
      'user: 1000\nretention: 30\nenv: {A: 1.10, B: on, C: 0755, D: ""}',
    ],
    ['an entrypoint in three forms', '', 'entrypoint: ""'],
    ['an image by digest', '', `helperImage: ghcr.io:443/a/b-c_d.e:v1.0@sha256:${'0'.repeat(64)}`],
    [
      'variables where a duration, a word or a boolean is wanted',
      '',
      'timeout: ${T}\npull: $P\nstopAttached: ${S:-yes}\nmounts: ["${M}"]',
    ],
    ['one empty image of two, once variables are known', '', 'repository: ${REPOSITORY:-}'],
    ['an empty list of targets', '', 'targets: []'],
  ])('%s', (_, top, inside) => {
    expect(complaint(top + instance(inside))).toBe('no complaint')
  })

  test('a byte order mark and Windows line ends', () => {
    const config = loadConfig(`\uFEFF${instance('').replaceAll('\n', '\r\n')}`, 'config.yml')
    expect(config.instances[0]).toMatchObject({ id: 'a', line: 2, column: 5 })
  })

  test('merged keys stand where the anchor has them; own keys win', () => {
    const text =
      'x-c: &c\n  customImage: x\n  schedule: "0 1 * * *"\ninstances:\n  - <<: *c\n    id: a\n  - id: b\n    schedule: "0 2 * * *"\n    <<: *c\n'
    const schedules = loadConfig(text, 'config.yml').instances.map(({ schedule }) => schedule)
    expect(schedules).toEqual([
      { cron: '0 1 * * *', timezone: 'UTC', line: 3 },
      { cron: '0 2 * * *', timezone: 'UTC', line: 8 },
    ])
  })

  test('of several merged maps the first wins, at any depth', () => {
    const text =
      'x-a: &a {customImage: a, schedule: "0 1 * * *"}\nx-b: &b {customImage: b, schedule: "0 2 * * *", timezone: Asia/Tokyo}\n' +
      'x-c: &c {<<: *b, schedule: "0 3 * * *"}\ninstances:\n  - {id: ab, <<: [*a, *b]}\n  - {<<: [*c, *a], id: ca}\n  - {id: twice, <<: *b, <<: *a}\n'
    const schedules = loadConfig(text, 'config.yml').instances.map(
      ({ id, schedule }) => `${id} ${schedule?.cron} ${schedule?.timezone}`,
    )
    expect(schedules).toEqual(['ab 0 1 * * * Asia/Tokyo', 'ca 0 3 * * * Asia/Tokyo', 'twice 0 2 * * * Asia/Tokyo'])
  })

  test('runsOn, one or many', () => {
    const labels = ['runsOn: nas', 'runsOn: [self-hosted, nas]', ''].map(
      (text) => loadConfig(instance(text), 'c').instances[0]?.runsOn,
    )
    expect(labels).toEqual([['nas'], ['self-hosted', 'nas'], []])
  })

  test('a schedule that awaits variables is open', () => {
    const raw = loadConfig(instance('schedule: ${WHEN}\ntimezone: ${ZONE:-UTC}'), 'c').instances[0]
    expect(raw).toMatchObject({
      schedule: null,
      scheduleIsOpen: true,
      variables: ['WHEN'],
      optionalVariables: ['ZONE'],
    })
  })
})

describe('the nearest known key', () => {
  test.each([
    ['shedule', 'schedule'],
    ['custom-image', 'customImage'],
    ['customimage', 'customImage'],
    ['run-on', 'runsOn'],
    ['cron', 'schedule'],
    ['retnetion', 'retention'],
    ['entryPoint', 'entrypoint'],
  ])('%s → %s', (wrong, right) => {
    expect(complaint(instance(`${wrong}: x`))).toBe(
      `4:5 [instances[0].${wrong}] unknown key \`${wrong}\`: did you mean \`${right}\`?`,
    )
  })
})

/** Values as they may stand in a file, half of them where the schema looks. */
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, '', 'true', '5m', '0 4 * * *', '$', '${X}', '${', '__proto__', 'UTC', 'data', '/', '*'),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.double(),
    fc.boolean(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom(...Object.values(KNOWN_KEYS).flat(), '<<', '__proto__')),
      tie('any'),
      {
        maxKeys: 6,
      },
    ),
  ),
})).any

describe('nothing but a ConfigError is ever thrown', () => {
  const silentOrConfigError = (text: string) => {
    expect(() => complaint(text)).not.toThrow()
  }

  test('at any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), silentOrConfigError), { numRuns: 300 })
  })

  test('at YAML made of its own signs', () => {
    const piece = fc.constantFrom(
      '- ',
      ': ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '{',
      '}',
      '[',
      ']',
      '<<',
      '"',
      "'",
      '|\n',
      '!t ',
      'instances',
      'id',
      '?',
      '#',
      ',',
      '---\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => silentOrConfigError(pieces.join(''))),
      { numRuns: 1000 },
    )
  })

  test('at any values where the schema looks', () => {
    const entry = fc.dictionary(fc.constantFrom(...KNOWN_KEYS.instance), value, { maxKeys: 8 })
    const file = fc.record({ instances: fc.oneof(fc.array(entry, { maxLength: 3 }), value) })
    fc.assert(
      fc.property(file, fc.dictionary(fc.constantFrom(...KNOWN_KEYS.top), value, { maxKeys: 3 }), (a, b) =>
        silentOrConfigError(stringify({ ...b, ...a })),
      ),
      {
        numRuns: 500,
      },
    )
  })

  test('at a path, a name or a key of any length, whose message can still be read', () => {
    const long = 'x'.repeat(300_000)
    for (const text of [
      `instances: [{id: ${long}, customImage: x}]`,
      `instances: [{id: a, customImage: x, ${long}: 1}]`,
      `instances: [{id: a, customImage: x, env: {"a ${long}": 1}}]`,
      `instances: [{id: a, customImage: x, targets: [{volume: d, paths: ["${long}"]}]}]`,
      `instances: [{id: a, customImage: x, targets: [{volume: d, paths: ["../${long}"]}]}]`,
      `instances: [{id: a, customImage: x, schedule: "${long} * * * *"}]`,
      `instances: [{id: a, customImage: x, mounts: ["a:/b:${long}"]}]`,
      `instances: [*${long}]`,
      `instances: !${long} []`,
      `${'"'}${long}`,
    ]) {
      const issues = issuesOf(text)
      expect(issues.length, text.slice(0, 60)).toBeGreaterThan(0)
      for (const { message, path } of issues) expect(message.length + path.length).toBeLessThan(1400)
    }
  })

  test('at more errors than can be shown, which it counts', () => {
    const issues = issuesOf(`instances: [${'x,'.repeat(10_000)}]`)
    expect(issues).toHaveLength(201)
    expect(issues.at(-1)).toMatchObject({ message: 'and 9800 more errors, from this line on', path: '' })
  })

  test('at nesting and aliases without measure, soon', () => {
    const took = cpuTime()
    for (const text of [
      '['.repeat(50_000),
      '{a: '.repeat(20_000),
      '- '.repeat(20_000),
      `a: ${'&x '.repeat(9000)}1`,
      'a\n'.repeat(400_000),
      `instances: [${'x,'.repeat(40_000)}]`,
      `instances: [{id: a, customImage: "${'${'.repeat(200_000)}"}]`,
      `instances: [{id: a, customImage: "${'${X}'.repeat(100_000)}"}]`,
      `instances: [{id: a, customImage: x, ${'k'.repeat(500_000)}: 1}]`,
      `instances: [{id: a, customImage: x, targets: [{volume: d, paths: [${Array.from({ length: 20_000 }, (_, n) => `p${n}`).join(',')}]}]}]`,
      `instances: [${Array.from({ length: 3000 }, (_, n) => `{id: a${n % 7}, customImage: x}`).join(',')}]`,
    ])
      silentOrConfigError(text)
    expect(took()).toBeLessThan(20_000)
  })
})

describe('text where a list belongs is shown as the list', () => {
  test.each`
    target                                             | says
    ${'db: pg\n        databases: shop'}               | ${'`databases` must be a list, not text: write ["shop"]'}
    ${'db: pg\n        databases: "shop, crm"'}        | ${'`databases` must be a list, not text: write ["shop", "crm"]'}
    ${'db: pg\n        dumpArgs: "-U x"'}              | ${'`dumpArgs` must be a list, not text: write ["-U", "x"]'}
    ${'db: pg\n        dumpArgs: "-psecretly -h x"'}   | ${'`dumpArgs` must be a list, not text: write one argument an item, such as ["-U", "x"]'}
    ${'db: pg\n        dumpArgs: "--passwd=hunter22"'} | ${'`dumpArgs` must be a list, not text: write one argument an item, such as ["-U", "x"]'}
    ${'volume: v\n        paths: /a b'}                | ${'`paths` must be a list, not text: write ["/a b"]'}
    ${'volume: v\n        exclude: "*.log, cache/"'}   | ${'`exclude` must be a list, not text: write ["*.log", "cache/"]'}
  `('$target', ({ target, says }) => {
    const text = `instances:\n  - id: a\n    customImage: x\n    targets:\n      - ${target}\n`
    expect(() => loadConfig(text, 'config.yml')).toThrow(says)
  })
})

test.each(['', '""', "''", '~', '|\n'])('targets without a value are refused, not left out: %s', (value) => {
  const text = `instances:\n  - id: a\n    customImage: x\n    targets: ${value}\n`
  expect(() => loadConfig(text, 'config.yml')).toThrow(
    '`targets` has no value: leave the key out for discovery by label',
  )
})

describe('a value that begins with a star and no quotes', () => {
  const star =
    /^YAML takes a \* at the beginning of a value for an alias: write a text that begins with \* in quotes, such as "\* 2 \* \* \*"/
  test.each([
    ['schedule: * 2 * * *', star],
    ['schedule: */5 * * * *', star],
    ['schedule: *', star],
    ['schedule: *,5 * * * * # often', star],
    ['exclude: [* x]', star],
    ['exclude: [*.log]', /^the alias \*\.log has no anchor above it: write a text that begins with \* in quotes/],
    ['name: "a * b" c', /^not readable as YAML/],
    ['schedule: @daily', /^not readable as YAML/],
  ])('%s', (line, message) => {
    const [first, ...others] = issuesOf(instance(line))
    expect(first?.message).toMatch(message)
    expect(first?.line).toBe(4)
    if (message === star) expect(others).toEqual([])
  })
})

describe('discover: all', () => {
  const two = (first: string, second: string) =>
    `instances:\n  - {id: a, customImage: i, discover: all${first}}\n  - {id: b, customImage: i, discover: all${second}}\n`
  test.each([
    ['', ''],
    [', runsOn: [self-hosted, nas]', ', runsOn: [NAS, self-hosted]'],
    ['', ', runsOn: self-hosted'],
    [', except: [x]', ', except: [y]'],
  ])('stands once for a host: %s, %s', (first, second) => {
    expect(() => loadConfig(two(first, second), 'config.yml')).toThrow(
      /:3:.*`discover: all` stands twice for the host (nas|self-hosted), here and in line 2/,
    )
  })

  test('stands once for each of several hosts', () => {
    expect(loadConfig(two(', runsOn: nas', ', runsOn: pi'), 'config.yml').instances).toHaveLength(2)
  })
})
