// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Instance } from '../../../src/config/model.ts'
import { resolveInstance, resolveNodeName } from '../../../src/config/resolveInstance.ts'
import { ConfigError } from '../../../src/errors.ts'

type Variables = Readonly<Record<string, string>>

const lookup = (variables: Variables) => (name: string) =>
  Object.hasOwn(variables, name) ? variables[name] : undefined

function settle(text: string, variables: Variables = {}, index = 0) {
  const config = loadConfig(text, 'config.yml')
  const raw = config.instances[index]
  if (raw === undefined) throw new Error('no such instance')
  return resolveInstance(config, raw, lookup(variables))
}

function complaint(text: string, variables: Variables = {}, index = 0): string {
  try {
    settle(text, variables, index)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n')
  }
  return 'no complaint'
}

/** A file with one instance; `inside` is written at its level. */
const file = (inside: string, top = '') =>
  `${top}instances:\n  - id: a\n    customImage: x\n${inside.replace(/^/gm, '    ')}\n`
const one = (inside: string, variables: Variables = {}, top = '') => settle(file(inside, top), variables).instance

test('a variable with a slip names the one that is set, never its value', () => {
  const names = ['DB_PASSWORD', 'TOKEN']
  const set = Object.assign(lookup({ DB_PASSWORD: 'hush', TOKEN: 'hush' }), { names })
  const why = (text: string) => {
    const config = loadConfig(file(`env: {A: "${text}"}`), 'config.yml')
    const [raw] = config.instances
    try {
      resolveInstance(config, raw ?? expect.fail(), set)
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }
  expect(why('${DB_PASWORD}')).toContain(
    '`env.A` needs the variable DB_PASWORD, which is not set, although DB_PASSWORD is set (did you mean that?): give it by',
  )
  expect(why('${DB_PASSWORT}')).toContain('although DB_PASSWORD is set')
  expect(why('${SMTP}')).not.toContain('although')
  expect(why('${DB_PASWORD}')).not.toContain('hush')
})

test.each([
  ['repository', 'repository: "${X}"', 'hush-7'],
  ['repository with ..', 'repository: "${X}"', '/hush-7/../a'],
  ['a NUL in env', 'env: {A: "${X}"}', 'hush-7\0'],
  ['a NUL in a hook', 'targets: [{volume: v, preHook: "${X}"}]', 'hush-7\0'],
  ['an open group', 'targets: [{db: d}]\ndrill: {checks: [{db: d, sql: s, matches: "${X}"}]}', '^hush-7($'],
  ['an open class', 'targets: [{db: d}]\ndrill: {checks: [{db: d, sql: s, matches: "${X}"}]}', 'a: hush-7[\nb: c'],
  ['no number', 'targets: [{db: d}]\ndrill: {checks: [{db: d, sql: s, atLeast: "${X}"}]}', 'hush-7'],
  ['two lines', 'targets: [{volume: v}]\ndrill: {checks: [{volume: v, file: f, contains: "${X}"}]}', 'hush-7\nb'],
])('what is wrong with a value is said without the value: %s', (_, inside, value) => {
  const text = inside.startsWith('repository') ? file(inside).replace('    customImage: x\n', '') : file(inside)
  const said = complaint(text, { X: value })
  expect(said).toMatch(/^\d+:\d+ /)
  expect(said).not.toContain('hush')
})

describe('defaults', () => {
  test('an instance of three lines', () => {
    expect(one('')).toEqual({
      id: 'a',
      line: 2,
      customImage: 'x',
      repository: null,
      schedule: null,
      catchUp: true,
      env: {},
      targets: null,
      discover: 'labels',
      except: [],
      stopAttached: false,
      timeoutMs: 12 * 3_600_000,
      layout: 'timestamp',
      retention: '7d:4w:6m',
      nodeName: null,
      pull: null,
      helperImage: null,
      entrypoint: null,
      script: null,
      restoreScript: null,
      network: null,
      user: null,
      mounts: [],
      resources: { memory: null, cpus: null },
      runsOn: [],
      drill: null,
    } satisfies Instance)
  })

  test('targets', () => {
    const { targets } = one('targets:\n  - volume: data\n  - db: postgres')
    expect(targets).toEqual([
      {
        kind: 'volume',
        name: 'data',
        paths: [],
        exclude: [],
        stopAttached: false,
        staging: null,
        allowEmpty: false,
        verify: null,
        preHook: null,
        postHook: null,
        line: 5,
      },
      {
        kind: 'db',
        container: 'postgres',
        dbKind: null,
        databases: [],
        dumpArgs: [],
        preHook: null,
        postHook: null,
        line: 6,
      },
    ])
    expect(one('targets: []').targets).toEqual([])
  })

  test("the top's values, and the instance's over them", () => {
    const top =
      'timeout: 1h\nlayout: stable\nretention: 30d\nstopAttached: true\ntimezone: Europe/Berlin\ncatchUp: 6h\n'
    const schedule = 'schedule: "0 4 * * *"\ntargets:\n  - volume: a\n  - volume: b\n    stopAttached: no'
    expect(one(schedule, {}, top)).toMatchObject({
      timeoutMs: 3_600_000,
      layout: 'stable',
      retention: '30d',
      stopAttached: true,
      schedule: { cron: '0 4 * * *', timezone: 'Europe/Berlin', line: 10 },
      catchUp: 6 * 3_600_000,
      targets: [{ stopAttached: true }, { stopAttached: false }],
    })
    const own = 'timeout: 2h\nlayout: timestamp\nretention: 1d\nstopAttached: false\ntimezone: UTC\ncatchUp: false'
    expect(one(`${own}\n${schedule}`, {}, top)).toMatchObject({
      timeoutMs: 7_200_000,
      layout: 'timestamp',
      retention: '1d',
      stopAttached: false,
      schedule: { timezone: 'UTC' },
      catchUp: false,
      targets: [{ stopAttached: false }, { stopAttached: false }],
    })
  })

  test('a time zone before the cron fields wins over that of the top', () => {
    const { schedule } = one('schedule: CRON_TZ=Asia/Tokyo  0 4 * * *', {}, 'timezone: Europe/Berlin\n')
    expect(schedule).toEqual({ cron: '0 4 * * *', timezone: 'Asia/Tokyo', line: 5 })
  })

  test.each`
    backend             | inside                              | top                                   | minutes
    ${'customImage: x'} | ${''}                               | ${''}                                 | ${720}
    ${'customImage: x'} | ${'resticTimeout: 5m'}              | ${'resticTimeout: 6m\n'}              | ${720}
    ${'customImage: x'} | ${'timeout: 5m'}                    | ${'timeout: 6m\n'}                    | ${5}
    ${'repository: /r'} | ${''}                               | ${'resticTimeout: 6m\n'}              | ${6}
    ${'repository: /r'} | ${''}                               | ${'resticTimeout: 6m\ntimeout: 7m\n'} | ${7}
    ${'repository: /r'} | ${'resticTimeout: 5m'}              | ${'timeout: 7m\n'}                    | ${5}
    ${'repository: /r'} | ${'resticTimeout: 5m\ntimeout: 4m'} | ${''}                                 | ${4}
  `('time of $backend with "$inside" and "$top"', ({ backend, inside, top, minutes }) => {
    const text = file(inside, top).replace('customImage: x', backend)
    expect(settle(text).instance.timeoutMs).toBe(minutes * 60_000)
  })

  test.each`
    repository                  | mounts           | location                    | bound
    ${'/srv/restic'}            | ${''}            | ${'/repository/srv/restic'} | ${'/srv/restic'}
    ${'local:/srv//restic/'}    | ${''}            | ${'/repository/srv/restic'} | ${'/srv/restic'}
    ${'/nas/restic'}            | ${'[nas:/nas]'}  | ${'/nas/restic'}            | ${null}
    ${'/nas'}                   | ${'[nas:/nas/]'} | ${'/nas'}                   | ${null}
    ${'/nas2'}                  | ${'[nas:/nas]'}  | ${'/repository/nas2'}       | ${'/nas2'}
    ${'s3:https://s3.x.com/b'}  | ${''}            | ${'s3:https://s3.x.com/b'}  | ${null}
    ${'sftp:backup@nas:restic'} | ${''}            | ${'sftp:backup@nas:restic'} | ${null}
    ${'rest:http://u:pw@h:80/'} | ${''}            | ${'rest:http://u:pw@h:80/'} | ${null}
  `('a restic repository: $repository with mounts "$mounts"', ({ repository, mounts, location, bound }) => {
    const text = file(`env: {RESTIC_PASSWORD: x}${mounts && `\nmounts: ${mounts}`}`)
    const { instance } = settle(text.replace('customImage: x', `repository: ${repository}`))
    expect(instance).toMatchObject({ entrypoint: [], layout: 'stable', repository })
    expect(instance.customImage).toMatch(/^restic\/restic:[0-9.]+@sha256:[0-9a-f]{64}$/)
    expect(instance.env).toEqual({ RESTIC_REPOSITORY: location, RESTIC_PASSWORD: 'x' })
    const binds = instance.mounts.filter(({ type }) => type === 'bind')
    expect(binds).toEqual(bound === null ? [] : [{ type: 'bind', source: bound, target: location, readonly: false }])
  })

  test.each`
    inside                                      | top                       | expected
    ${'repository: /r'}                         | ${'layout: timestamp\n'}  | ${{ layout: 'timestamp' }}
    ${'repository: /r\n    layout: timestamp'}  | ${'layout: stable\n'}     | ${{ layout: 'timestamp' }}
    ${'repository: /r'}                         | ${'resticImage: top:1\n'} | ${{ customImage: 'top:1' }}
    ${'repository: /r\n    resticImage: own:1'} | ${'resticImage: top:1\n'} | ${{ customImage: 'own:1' }}
    ${'customImage: x'}                         | ${'resticImage: top:1\n'} | ${{ customImage: 'x', layout: 'timestamp' }}
  `('$inside with "$top"', ({ inside, top, expected }) => {
    expect(settle(file('', top).replace('customImage: x', inside)).instance).toMatchObject(expected)
  })

  test.each`
    inside                                                | message
    ${'repository: restic'}                               | ${/`repository` must be a folder of the Docker host by its absolute path/}
    ${'repository: nfs:nas/x'}                            | ${/`repository` must be a folder/}
    ${'repository: /'}                                    | ${/`repository` must be a folder of its own, not \//}
    ${'repository: /srv/../etc'}                          | ${/`repository` must not hold "\.\."/}
    ${'repository: /r\n    env: {RESTIC_REPOSITORY: /x}'} | ${/`env.RESTIC_REPOSITORY`: `repository` says it already/}
    ${'repository: /r\n    mounts: [v:/backup.sh]'}       | ${/`repository` needs \/backup.sh/}
    ${'customImage: x\n    resticImage: y'}               | ${/`resticImage` belongs to `repository`, this instance has `customImage`/}
    ${'repository: /r\n    retention: 7x'}                | ${/`retention` must say how many to keep/}
  `('is refused: $inside', ({ inside, message }) => {
    expect(() => settle(file('').replace('customImage: x', inside))).toThrow(message)
  })

  test('resticTimeout of an image of one’s own gets a notice', () => {
    expect(settle(file('resticTimeout: 5m')).notices).toEqual([
      '`resticTimeout` applies to `repository` instances only: write `timeout` for this one',
    ])
    expect(settle(file('timeout: 5m')).notices).toEqual([])
  })
})

describe('values keep their spelling', () => {
  test('in env', () => {
    const env =
      'env:\n  MODE: 0755\n  VERSION: 1.10\n  SWITCH: on\n  YES: Yes\n  HEX: 0x1F\n  BIG: 12345678901234567890\n  DATE: 2026-01-01\n  EMPTY: ""\n  TILDE: "~"\n  TEXT: |\n    two\n    lines\n  NULLISH: "null"'
    expect({ ...one(env).env }).toEqual({
      MODE: '0755',
      VERSION: '1.10',
      SWITCH: 'on',
      YES: 'Yes',
      HEX: '0x1F',
      BIG: '12345678901234567890',
      DATE: '2026-01-01',
      EMPTY: '',
      TILDE: '~',
      TEXT: 'two\nlines\n',
      NULLISH: 'null',
    })
  })

  test('elsewhere', () => {
    expect(
      one('user: 010\nretention: 7\nresources: {cpus: 1.50, memory: 1g}\nnetwork: none\nnodeName: 1.0'),
    ).toMatchObject({
      user: '010',
      retention: '7',
      resources: { cpus: '1.50', memory: '1g' },
      network: 'none',
      nodeName: '1.0',
    })
  })

  test.each`
    written          | entrypoint
    ${'/bin/sh'}     | ${['/bin/sh']}
    ${'[sh, -c, 1]'} | ${['sh', '-c', '1']}
    ${'""'}          | ${[]}
    ${'[]'}          | ${[]}
    ${''}            | ${null}
    ${'"${NONE:-}"'} | ${[]}
  `('entrypoint $written is $entrypoint', ({ written, entrypoint }) => {
    expect(one(`entrypoint: ${written}`).entrypoint).toEqual(entrypoint)
  })
})

describe('variables', () => {
  test('in every text of an instance, but for keys, id and runsOn', () => {
    const inside =
      'schedule: $CRON\ntimezone: ${ZONE}\ntimeout: ${T}m\npull: $PULL\nenv: {$KEY: "${V}"}\nmounts: ["/nas:${WHERE}"]\nresources: {cpus: "$N"}\n' +
      'targets:\n  - volume: ${V}-data\n    paths: [$P]\n    exclude: ["*.${V}"]\n    stopAttached: ${STOP:-yes}\n  - db: $DB\n    dbKind: $KIND\n    dumpArgs: ["-p${V}"]'
    const variables = {
      CRON: '0 4 * * *',
      ZONE: 'Asia/Tokyo',
      T: '5',
      PULL: 'never',
      V: 'val',
      WHERE: '/w',
      N: '2',
      P: '/p/',
      DB: 'pg',
      KIND: 'Postgres',
    }
    expect(complaint(file(inside), variables)).toContain('`env` holds the name "$KEY"')
    const instance = one(inside.replace('$KEY', 'KEY'), variables)
    expect(instance).toMatchObject({
      schedule: { cron: '0 4 * * *', timezone: 'Asia/Tokyo', line: 4 },
      timeoutMs: 300_000,
      pull: 'never',
      env: { KEY: 'val' },
      mounts: [{ source: '/nas', target: '/w' }],
      resources: { cpus: '2' },
      targets: [
        { name: 'val-data', paths: ['p'], exclude: ['*.val'], stopAttached: true },
        { container: 'pg', dbKind: 'postgres', dumpArgs: ['-pval'] },
      ],
    })
  })

  test('only the instance that lacks one fails', () => {
    const text =
      'instances:\n  - {id: a, customImage: x, env: {A: "${A}"}}\n  - {id: b, customImage: x, env: {B: "${B}"}}\n'
    expect(settle(text, { A: '1' }, 0).instance.env).toEqual({ A: '1' })
    expect(complaint(text, { A: '1' }, 1)).toBe(
      "3:38 `env.B` needs the variable B, which is not set: give it by the input `variables` or the step's `env`, or write `${B:-}` where it may be empty",
    )
  })

  test('all that is missing, at once', () => {
    const text = file(
      'env:\n  A: ${A}\n  B: $B$C\ntargets:\n  - volume: v\n    preHook: echo $HOME\n    postHook: echo "$$HOME" $1',
    )
    expect(complaint(text, { B: '' })).toBe(
      [
        "5:10 `env.A` needs the variable A, which is not set: give it by the input `variables` or the step's `env`, or write `${A:-}` where it may be empty",
        "6:10 `env.B` needs the variable B, which is empty (as a misspelt secret is): give it by the input `variables` or the step's `env`, or write `${B:-}` where it may be empty",
        "6:10 `env.B` needs the variable C, which is not set: give it by the input `variables` or the step's `env`, or write `${C:-}` where it may be empty",
        "9:18 `preHook` needs the variable HOME, which is not set (in a hook, write `$$NAME` for the container's shell)",
      ].join('\n'),
    )
  })

  test('a hook keeps what is for its shell', () => {
    const { targets } = one('targets:\n  - volume: v\n    preHook: echo "$$HOME" $1 $(date) $$$$ ${X}', { X: 'x' })
    expect(targets?.[0]?.preHook).toBe('echo "$HOME" $1 $(date) $$ x')
  })

  test.each`
    inside                                         | value           | message
    ${'timeout: ${X}'}                             | ${'soon'}       | ${'4:14 `timeout` must be a duration such as 30s, 15m, 1h30m or 2d (with X filled in)'}
    ${'schedule: ${X}'}                            | ${'0 25 * * *'} | ${'4:15 `schedule` is not a schedule that can be kept: the hour is 25, but goes from 0 to 23 (with X filled in)'}
    ${'pull: ${X}'}                                | ${'hush'}       | ${'4:11 `pull` must be `always`, `missing` or `never` (with X filled in)'}
    ${'customImage2: a'}                           | ${''}           | ${'4:5 unknown key `customImage2`: did you mean `customImage`?'}
    ${'mounts: ["/nas:${X}"]'}                     | ${'/backup'}    | ${'4:14 item 1 of `mounts` cannot be mounted: the mount lies at or below /backup, where the staged data is: choose another target (with X filled in)'}
    ${'targets:\n  - volume: a\n  - volume: ${X}'} | ${'a'}          | ${'6:17 `volume: a` is a target twice: here and in line 5 (with X filled in)'}
    ${'targets:\n  - volume: ${X:-}'}              | ${''}           | ${'5:9 the target needs `volume` (the name of a volume) or `db` (the name of a database container)'}
    ${'repository: ${X}'}                          | ${'/hush'}      | ${'4:5 the instance has both `customImage` and `repository`: it takes one of them (with X filled in)'}
  `('a wrong value: $inside = $value', ({ inside, value, message }) => {
    expect(complaint(file(inside), { X: value })).toBe(message)
  })

  test('an empty one counts as left out', () => {
    const text = file('repository: ${R:-}\nschedule: ${S:-}\ntimeout: ${T:-}')
    expect(settle(text).instance).toMatchObject({
      customImage: 'x',
      repository: null,
      schedule: null,
      timeoutMs: 43_200_000,
    })
    expect(settle(text.replace('customImage: x', 'customImage: ${I:-}'), { R: '/r' }).instance).toMatchObject({
      repository: '/r',
    })
  })
})

describe('nodeName', () => {
  const name = (text: string, variables: Variables = {}) =>
    resolveNodeName(loadConfig(file('', text), 'config.yml'), lookup(variables))

  test('as written, filled in, or none', () => {
    expect(name('nodeName: nas\n')).toBe('nas')
    expect(name('nodeName: ${N}-1\n', { N: 'nas' })).toBe('nas-1')
    expect(name('nodeName: ${N:-}\n')).toBe(null)
    expect(name('')).toBe(null)
  })

  test('a variable that is not set', () => {
    expect(() => name('nodeName: ${N}\n')).toThrow(
      /^config\.yml:1:11 `nodeName` needs the variable N, which is not set/,
    )
  })
})

describe('secrets', () => {
  const secrets = (inside: string, variables: Variables = {}) =>
    settle(file(inside), variables).secrets.map(({ value }) => value)

  test('what variables brought into env, dumpArgs and hooks; not into names', () => {
    const inside =
      'env: {URL: "https://u:${A}@h/${A}"}\nnodeName: $N\nnetwork: $N\ntargets:\n  - volume: $N\n    preHook: x ${B}\n    postHook: ${C:-plain default}\n  - db: $N\n    dumpArgs: [-p$D]'
    expect(secrets(inside, { A: 'a-secret', B: 'b-secret', D: 'd-secret', N: 'nas' })).toEqual([
      'a-secret',
      'b-secret',
      'd-secret',
    ])
  })

  test('into the repository, and the password that stands in its address', () => {
    const text = (address: string) => file('').replace('customImage: x', `repository: ${address}`)
    expect(settle(text('s3:https://h/${BUCKET}'), { BUCKET: 'my-bucket' }).secrets).toMatchObject([
      { value: 'my-bucket', origin: 'the variable BUCKET' },
    ])
    expect(settle(text('rest:https://me:hush-hush@h:8000/r')).secrets).toMatchObject([{ value: 'hush-hush' }])
    expect(settle(text('sftp:me@h:/r')).secrets).toEqual([])
  })

  test('literal values under telling names', () => {
    const names = ['RESTIC_PASSWORD', 'BORG_PASSPHRASE', 'pgpass', 'AWS_SECRET_ACCESS_KEY', 'API_TOKEN', 'Credentials']
    expect(secrets(`env: {${names.map((key, index) => `${key}: value-${index}`).join(', ')}}`)).toEqual(
      names.map((_, index) => `value-${index}`),
    )
    expect(secrets('env: {AWS_DEFAULT_REGION: fsn1, RESTIC_PASSWORD_FILE: /run/secrets/x, USER: me}')).toEqual([])
  })

  test('neither empty ones nor words that every log is full of', () => {
    expect(secrets('env: {TOKEN: "", SECRET: "true", A: "$A"}', { A: 'Off' })).toEqual([])
  })
})

test("Marina 0.9's own example settles", () => {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', 'marina-0.9.yml'), 'utf8')
  const variables = {
    DO_SPACES_KEY: 'key-1',
    DO_SPACES_SECRET: 'secret-1',
    RESTIC_PASS: 'pass-1',
    BACKUP_VOLUME: 'vol',
  }
  expect(settle(text, variables, 2)).toMatchObject({
    instance: {
      id: 'env-example',
      repository: 's3:https://nyc3.digitaloceanspaces.com/my-backup-bucket',
      env: {
        AWS_ACCESS_KEY_ID: 'key-1',
        AWS_SECRET_ACCESS_KEY: 'secret-1',
        AWS_DEFAULT_REGION: 'nyc3',
        RESTIC_PASSWORD: 'pass-1',
      },
      retention: '14d:8w:12m',
      timeoutMs: 3_600_000,
      targets: [{ name: 'vol', paths: ['config', 'data'], stopAttached: true }],
    },
    secrets: [{ value: 'key-1' }, { value: 'secret-1' }, { value: 'pass-1' }],
  })
})

describe('any texts in an instance', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc
      .array(fc.constantFrom('$', '{', '}', 'A', ':-', '\n', '$$', '${A}', '${B:-x}', '$B', ' '))
      .map((all) => all.join('')),
  )

  test('throw nothing but a ConfigError, and an env value arrives as the template says', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-L]_?[A-Z]{1,4}$/), text), text, text, (env, schedule, value) => {
        const config = JSON.stringify({
          instances: [{ id: 'a', customImage: 'x', env, schedule, targets: [{ volume: schedule }] }],
        })
        try {
          complaint(config, { A: value, B: 'b' })
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError) // from loading
        }
        const escaped = Object.fromEntries(
          Object.entries(env).map(([key, any]) => [key, any.replaceAll('$', '$$$$').replaceAll('\0', '')]),
        )
        const plain = JSON.stringify({ instances: [{ id: 'a', customImage: 'x', env: escaped }] })
        const arrived = settle(plain).instance.env
        for (const [key, any] of Object.entries(env)) expect(arrived[key]).toBe(any.replaceAll('\0', ''))
      }),
      { numRuns: 60 },
    )
  })
})
