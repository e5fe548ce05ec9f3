import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { discoverByLabel, LABEL_PREFIX, LABELS, type LabelledObject } from '../../../src/config/discoveryLabels.ts'

const INSTANCES = [
  { id: 'nas', discovers: true, stopAttached: false, names: [] },
  { id: 'stopping', discovers: true, stopAttached: true, names: [] },
  { id: 'written', discovers: false, stopAttached: false, names: ['listed'] },
]

type Short = Readonly<Record<string, string>>

const withPrefix = (labels: Short) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [LABEL_PREFIX + name, value]))
const volume = (name: string, labels: Short): LabelledObject => ({ kind: 'volume', name, labels: withPrefix(labels) })
const container = (name: string, labels: Short): LabelledObject => ({
  kind: 'container',
  name,
  labels: withPrefix(labels),
})
const ON = { enabled: 'true', instanceID: 'nas' }

const VOLUME = {
  kind: 'volume',
  paths: [],
  exclude: [],
  stopAttached: false,
  staging: null,
  allowEmpty: false,
  verify: null,
  preHook: null,
  postHook: null,
  line: null,
}
const DB = { kind: 'db', databases: [], dumpArgs: [], preHook: null, postHook: null, line: null }

function discover(...objects: LabelledObject[]) {
  const { targets, errors, warnings, notices } = discoverByLabel(objects, INSTANCES)
  return { targets: Object.fromEntries(targets), errors: Object.fromEntries(errors), warnings, notices }
}

const NOTHING = { targets: {}, errors: {}, warnings: [], notices: [] }

describe('targets', () => {
  test.each`
    what                         | object                                                                                                | targets
    ${'a volume'}                | ${volume('data', ON)}                                                                                 | ${[{ ...VOLUME, name: 'data' }]}
    ${'lists, trimmed'}          | ${volume('data', { ...ON, paths: ' /a , b/,,a/c', exclude: '*.tmp, cache/' })}                        | ${[{ ...VOLUME, name: 'data', paths: ['a', 'b'], exclude: ['*.tmp', 'cache/'] }]}
    ${'the root among paths'}    | ${volume('data', { ...ON, paths: '/' })}                                                              | ${[{ ...VOLUME, name: 'data' }]}
    ${'stop and hooks'}          | ${volume('data', { ...ON, stopAttached: 'Yes', pre: 'sync', post: 'echo a, b' })}                     | ${[{ ...VOLUME, name: 'data', stopAttached: true, preHook: 'sync', postHook: 'echo a, b' }]}
    ${'a database'}              | ${container('pg', { ...ON, db: 'Postgres', 'dump.args': '--clean, --if-exists', pre: 'checkpoint' })} | ${[{ ...DB, container: 'pg', dbKind: 'postgres', dumpArgs: ['--clean', '--if-exists'], preHook: 'checkpoint' }]}
    ${'volumes of a container'}  | ${container('app', { ...ON, volumes: 'up, conf', stopAttached: '1', pre: 'p' })}                      | ${[{ ...VOLUME, name: 'up', stopAttached: true, preHook: 'p' }, { ...VOLUME, name: 'conf', stopAttached: true, preHook: 'p' }]}
    ${'a database with volumes'} | ${container('pg', { ...ON, db: 'mysql', volumes: 'files', pre: 'p', post: 'q' })}                     | ${[{ ...VOLUME, name: 'files' }, { ...DB, container: 'pg', dbKind: 'mysql', preHook: 'p', postHook: 'q' }]}
  `('$what', ({ object, targets }) => {
    expect(discover(object)).toEqual({ ...NOTHING, targets: { nas: targets } })
  })

  test.each(['true', 'TRUE', '1', 'yes', ' Yes '])('enabled "%s" is yes', (enabled) => {
    expect(discover(volume('data', { ...ON, enabled })).targets).toHaveProperty('nas')
  })

  test.each(['false', '0', 'No'])('enabled "%s" is no, without a word', (enabled) => {
    expect(discover(volume('data', { ...ON, enabled }))).toEqual(NOTHING)
  })

  test("what the labels do not say of stopping is the instance's", () => {
    const found = discover(
      volume('a', { ...ON, instanceID: 'stopping' }),
      volume('b', { ...ON, instanceID: 'stopping', stopAttached: 'false' }),
    )
    expect(found.targets).toEqual({
      stopping: [
        { ...VOLUME, name: 'a', stopAttached: true },
        { ...VOLUME, name: 'b' },
      ],
    })
  })

  test('volumes first, each by name, whatever the order of the host', () => {
    const objects = [
      container('pg', { ...ON, db: 'redis', volumes: 'z' }),
      volume('b', ON),
      volume('a', { ...ON, instanceID: 'stopping' }),
      volume('A', ON),
    ]
    const names = Object.entries(discover(...objects).targets).map(([id, list]) => [
      id,
      list.map((target) => (target.kind === 'db' ? target.container : target.name)),
    ])
    expect(names).toEqual([
      ['nas', ['A', 'b', 'z', 'pg']],
      ['stopping', ['a']],
    ])
  })

  test('a volume that two name is one target; other words are an error, since one of them would not be followed', () => {
    const own = volume('data', { ...ON, stopAttached: 'true' })
    const same = container('app-1', { ...ON, volumes: 'data', stopAttached: 'true' })
    expect(discover(own, same, { ...same, name: 'app-2' }).warnings).toEqual([])
    const other = discover(container('app-3', { ...ON, volumes: 'data' }), own)
    expect(other.targets).toEqual({ nas: [{ ...VOLUME, name: 'data', stopAttached: true }] })
    expect(other.errors).toEqual({
      nas: [
        'container "app-3" asks for volume "data" in other words than labels read before: make them say the same, or name the volume once',
      ],
    })
  })

  test('labels of others are none of ours', () => {
    expect(
      discover({
        kind: 'volume',
        name: 'v',
        labels: { 'com.docker.compose.project': 'x', 'dev.polarfox.marina-action.version': '1' },
      }),
    ).toEqual(NOTHING)
  })
})

describe('labels that name an instance and cannot be followed fail it', () => {
  const MISSING = 'volume "v" is not backed up: `dev.polarfox.marina.enabled` is missing, add it as true or false'
  const unread = (said: string) =>
    `volume "v" is not backed up: \`dev.polarfox.marina.enabled\` is "${said}", neither true nor false (quotes are part of a label's value)`
  const unknown = (written: string, right: string) =>
    `volume "v": the label \`dev.polarfox.marina.${written}\` is unknown: it is written \`dev.polarfox.marina.${right}\``
  test.each<[string, LabelledObject, string]>([
    ['a word that is no answer', volume('v', { ...ON, enabled: 'on' }), unread('on')],
    ['quotes', volume('v', { ...ON, enabled: '"true"' }), unread('"true"')],
    ['single quotes', volume('v', { ...ON, enabled: "'false'" }), unread("'false'")],
    ['no word', volume('v', { ...ON, enabled: '' }), unread('')],
    ['spaces alone', volume('v', { ...ON, enabled: '  ' }), unread('  ')],
    ['a word and more', volume('v', { ...ON, enabled: 'true # yes' }), unread('true # yes')],
    ['enabled is missing', volume('v', { instanceID: 'nas' }), MISSING],
    ['enable', volume('v', { instanceID: 'nas', enable: 'true' }), unknown('enable', 'enabled')],
    ['Enabled', volume('v', { instanceID: 'nas', Enabled: 'true' }), unknown('Enabled', 'enabled')],
    ['instanceid', volume('v', { enabled: 'true', instanceid: 'nas' }), unknown('instanceid', 'instanceID')],
    ['instance', volume('v', { enabled: 'true', instance: 'nas' }), unknown('instance', 'instanceID')],
    ['instance-id', volume('v', { enabled: 'true', 'instance-id': 'nas' }), unknown('instance-id', 'instanceID')],
    [
      'a list of instances',
      volume('v', { ...ON, instanceID: 'cloud, nas' }),
      'volume "v": the label `dev.polarfox.marina.instanceID` is "cloud, nas": the instance is written nas (one instance, no list: a second one can name the object in its `targets`)',
    ],
    ['stopattached', volume('v', { ...ON, stopattached: 'true' }), unknown('stopattached', 'stopAttached')],
    ['stop', volume('v', { ...ON, stop: 'true' }), unknown('stop', 'stopAttached')],
    ['path', volume('v', { ...ON, path: 'a' }), unknown('path', 'paths')],
    ['excludes', volume('v', { ...ON, excludes: 'a' }), unknown('excludes', 'exclude')],
    [
      'a db on a volume',
      volume('v', { ...ON, db: 'postgres' }),
      'volume "v": the label `dev.polarfox.marina.db` has no meaning on a volume',
    ],
    [
      'an id in quotes',
      volume('v', { ...ON, instanceID: '"nas"' }),
      'volume "v": the label `dev.polarfox.marina.instanceID` is ""nas"": the instance is written nas',
    ],
    [
      'an id in other letters',
      volume('v', { ...ON, instanceID: 'NAS' }),
      'volume "v": the label `dev.polarfox.marina.instanceID` is "NAS": the instance is written nas',
    ],
    ...['nsa', '"nsa"', 'nass', 'instance nas', ' Nas ', "'nas'", 'nas;', 'the nsa'].map(
      (id): [string, LabelledObject, string] => [
        `the id ${id}`,
        volume('v', { ...ON, instanceID: id }),
        `volume "v": the label \`dev.polarfox.marina.instanceID\` is "${id.trim()}": the instance is written nas`,
      ],
    ),
    [
      'a slip under a misspelt label',
      volume('v', { enabled: 'true', instanceId: 'nsa' }),
      unknown('instanceId', 'instanceID'),
    ],
    ['stopContainers', volume('v', { ...ON, stopContainers: 'true' }), unknown('stopContainers', 'stopAttached')],
    ['exclude.patterns', volume('v', { ...ON, 'exclude.patterns': 'x' }), unknown('exclude.patterns', 'exclude')],
    ['include-paths', volume('v', { ...ON, 'include-paths': 'x' }), unknown('include-paths', 'paths')],
    [
      'a stop that is no answer',
      volume('v', { ...ON, stopAttached: 'on' }),
      'volume "v": the label `dev.polarfox.marina.stopAttached` is "on": it takes true or false',
    ],
    [
      'paths that lead out',
      volume('v', { ...ON, paths: 'a,../b' }),
      'volume "v": the label `dev.polarfox.marina.paths` cannot be followed: "../b" leads out of the volume: ".." is not taken',
    ],
    [
      'a container with nothing to back up',
      container('c', ON),
      'container "c" is enabled but names neither `dev.polarfox.marina.db` nor `dev.polarfox.marina.volumes`: nothing of it is backed up',
    ],
    [
      'volumes that name none',
      container('c', { ...ON, volumes: ' , ' }),
      'container "c" is enabled but names neither `dev.polarfox.marina.db` nor `dev.polarfox.marina.volumes`: nothing of it is backed up',
    ],
    [
      'paths without volumes',
      container('c', { ...ON, db: 'mongo', paths: '/x' }),
      'container "c": `dev.polarfox.marina.paths` needs `dev.polarfox.marina.volumes` beside it',
    ],
    [
      'arguments without a db',
      container('c', { ...ON, volumes: 'v', 'dump.args': '-x' }),
      'container "c": `dev.polarfox.marina.dump.args` needs `dev.polarfox.marina.db` beside it',
    ],
    [
      'an empty db',
      container('c', { ...ON, db: '' }),
      'container "c": the label `dev.polarfox.marina.db` is "": postgres, mysql, mariadb, mongo, redis, valkey are known',
    ],
  ])('%s', (_, object, error) => {
    const { targets, warnings, errors } = discover(volume('good', ON), object)
    expect(errors.nas).toContain(error)
    expect(Object.keys(errors)).toEqual(['nas'])
    expect(targets).toEqual({ nas: [{ ...VOLUME, name: 'good' }] })
    expect(warnings).toEqual([])
  })

  test.each(['', ' ', '""'])(
    'an id in an unknown label fails its instance, beside an instanceID of %j too',
    (instanceID) => {
      const { targets, errors } = discover(volume('v', { enabled: 'true', instanceID, colour: 'nas' }))
      expect(targets).toEqual({})
      expect(errors).toEqual({ nas: ['volume "v": the label `dev.polarfox.marina.instanceID` has no value'] })
    },
  )

  test('a prefix in other letters is one of ours, misspelt', () => {
    const labels = { ...withPrefix({ instanceID: 'nas' }), 'dev.polarfox.Marina.enabled': 'true' }
    expect(discover({ kind: 'volume', name: 'v', labels }).errors).toEqual({
      nas: [
        'volume "v": the label `dev.polarfox.Marina.enabled` is unknown: it is written `dev.polarfox.marina.enabled`',
      ],
    })
  })

  test('what names another instance is not ours, whatever its other labels hold', () => {
    const found = discover(volume('v', { ...ON, instanceID: 'others', colour: 'nas', tags: 'nas' }))
    expect([found.targets, found.errors]).toEqual([{}, {}])
  })

  test('one that says no asks for nothing', () => {
    expect(discover(volume('v', { ...ON, enabled: 'false', path: 'x', stopAttached: 'on' }))).toEqual(NOTHING)
  })
})

describe('what is said', () => {
  test.each`
    object                                           | warning
    ${volume('v', { ...ON, instanceID: 'other' })}   | ${'volume "v" is for the instance "other", which config.yml does not have: it has nas, stopping, written'}
    ${volume('v', { ...ON, instanceID: 'nas2' })}    | ${'volume "v" is for the instance "nas2", which config.yml does not have: it has nas, stopping, written'}
    ${volume('v', { ...ON, instanceID: 'naz' })}     | ${'volume "v" is for the instance "naz", which config.yml does not have: it has nas, stopping, written'}
    ${volume('v', { ...ON, instanceID: 'nas-b' })}   | ${'volume "v" is for the instance "nas-b", which config.yml does not have: it has nas, stopping, written'}
    ${volume('v', { comment: 'moved to nas' })}      | ${'volume "v": the label `dev.polarfox.marina.comment` is unknown'}
    ${volume('v', { ...ON, instanceID: 'written' })} | ${'volume "v" is for the instance "written", which takes its targets from config.yml: the label asks for nothing'}
    ${volume('v', { ...ON, colour: 'x' })}           | ${'volume "v": the label `dev.polarfox.marina.colour` is unknown'}
  `('$warning', ({ object, warning }) => {
    const { warnings, errors } = discover(object)
    expect(warnings).toEqual([warning])
    expect(errors).toEqual({})
  })

  test('a list of two instances fails both, and a slip for one that reads no labels is a warning', () => {
    expect(Object.keys(discover(volume('v', { ...ON, instanceID: 'nas, stoping' })).errors)).toEqual([
      'nas',
      'stopping',
    ])
    const { warnings, errors } = discover(volume('v', { ...ON, instanceID: 'writen' }))
    expect([warnings.length, errors]).toEqual([1, {}])
  })

  const NAMELESS = 'is enabled but names no instance: add `dev.polarfox.marina.instanceID`'
  test.each<[string, Short, string]>([
    ['no id', { enabled: 'true' }, `volume "v" ${NAMELESS}`],
    ['an empty id', { enabled: 'true', instanceID: ' ' }, `volume "v" ${NAMELESS}`],
    ['quotes alone', { enabled: 'yes', instanceID: '""' }, `volume "v" ${NAMELESS}`],
    [
      'an answer that cannot be read',
      { enabled: 'on' },
      'volume "v" is not backed up: `dev.polarfox.marina.enabled` is "on", neither true nor false',
    ],
    [
      'a misspelt label',
      { enable: 'true' },
      'volume "v": the label `dev.polarfox.marina.enable` is unknown: it is written `dev.polarfox.marina.enabled`',
    ],
  ])('what asks for a backup of nobody fails all that read labels: %s', (_, labels, sentence) => {
    const found = discover(volume('v', labels))
    expect(found.errors).toEqual({ nas: [sentence], stopping: [sentence] })
    expect(found.warnings).toEqual([])
  })

  test('what asks for a backup of nobody, and is backed up all the same, is a warning', () => {
    const byTargets = discover(volume('listed', { enabled: 'true' }))
    expect(byTargets).toMatchObject({ errors: {}, warnings: [`volume "listed" ${NAMELESS}`] })
    const byLabel = discover(volume('v', { enabled: 'true' }), container('app', { ...ON, volumes: 'v' }))
    expect(byLabel).toMatchObject({ errors: {}, warnings: [`volume "v" ${NAMELESS}`] })
  })

  test('old labels are a notice', () => {
    const { notices, warnings } = discover(volume('v', { ...ON, tags: 'a', retention: '7d', schedule: '* * * * *' }))
    expect(warnings).toEqual([])
    expect(notices).toEqual([
      'volume "v": the label `dev.polarfox.marina.tags` is not read any more: tags are up to the backup image',
      'volume "v": the label `dev.polarfox.marina.retention` is not read any more: `retention` in config.yml replaces it',
      'volume "v": the label `dev.polarfox.marina.schedule` is not read any more: `schedule` in config.yml replaces it',
    ])
  })

  test('what cannot be followed is an error of its instance, and no target', () => {
    const found = discover(
      volume('good', ON),
      volume('bad', { ...ON, paths: 'a,../b', stopAttached: 'maybe' }),
      container('pg', { ...ON, db: 'oracle', volumes: 'files' }),
    )
    expect(found.targets).toEqual({ nas: [{ ...VOLUME, name: 'good' }] })
    expect(found.errors).toEqual({
      nas: [
        'volume "bad": the label `dev.polarfox.marina.stopAttached` is "maybe": it takes true or false',
        'volume "bad": the label `dev.polarfox.marina.paths` cannot be followed: "../b" leads out of the volume: ".." is not taken',
        'container "pg": the label `dev.polarfox.marina.db` is "oracle": postgres, mysql, mariadb, mongo, redis, valkey are known',
      ],
    })
  })
})

test('any labels are read without a throw, and nothing enabled is passed over in silence', () => {
  const label = fc.constantFrom(...Object.keys(LABELS), 'tags', 'Enabled', '__proto__', 'constructor', '')
  const value = fc.oneof(
    fc.constantFrom('true', 'no', 'nas', 'stopping', 'postgres', '/', '..', 'a,b', '', ','),
    fc.string(),
  )
  const object = fc.record({
    kind: fc.constantFrom('volume' as const, 'container' as const),
    name: fc.constantFrom('a', 'b', '__proto__'),
    labels: fc.dictionary(label, value).map(withPrefix),
  })
  fc.assert(
    fc.property(fc.array(object, { maxLength: 5 }), (objects) => {
      const { targets, errors, warnings } = discoverByLabel(objects, INSTANCES)
      const enabled = objects.filter(({ labels }) =>
        ['true', 'yes', '1'].includes(labels[`${LABEL_PREFIX}enabled`] ?? ''),
      )
      if (enabled.length > 0) expect(targets.size + errors.size + warnings.length).toBeGreaterThan(0)
    }),
    { numRuns: 500 },
  )
})
