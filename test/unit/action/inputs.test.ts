import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { INPUT_DEFAULTS, readInputs } from '../../../src/action/inputs.ts'
import { OUTPUTS } from '../../../src/action/outputs.ts'
import { InputError } from '../../../src/errors.ts'

const env = (inputs: Record<string, string>) =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))

describe('inputs', () => {
  test('none: the defaults, also where the platform does not supply them', () => {
    expect(readInputs({})).toEqual({
      command: 'backup',
      config: 'config.yml',
      variables: '',
      instances: [],
      host: null,
      select: 'auto',
      maxParallel: 1,
      allowPartial: false,
      dryRun: false,
      lockWait: '0',
      uploadLogs: 'auto',
      showLogs: 'auto',
      artifactName: null,
      artifactRetentionDays: null,
      githubToken: '',
      fleet: '',
      reports: '',
      workflow: null,
      grace: '2h',
      pingUrl: null,
      issue: false,
      point: '',
      targets: [],
      into: 'new',
      confirm: '',
      keepOld: true,
      unknown: [],
    })
  })

  test('all of them', () => {
    const inputs = readInputs(
      env({
        command: ' backup ',
        config: 'ops/config.yml',
        variables: 'A=1\nB<<EOF\n x \nEOF\n',
        instances: 'a, b\nc,,a\n',
        host: 'nas',
        select: 'due',
        'max-parallel': '3',
        'allow-partial': 'True',
        'dry-run': 'FALSE',
        'lock-wait': '30m',
        'upload-logs': 'false',
        'show-logs': 'true',
        'artifact-name': 'mine',
        'artifact-retention-days': '14',
        'github-token': 'ghs_1',
        'ping-url': ' https://watch/1\n',
      }),
    )
    expect(inputs).toEqual({
      command: 'backup',
      config: 'ops/config.yml',
      variables: 'A=1\nB<<EOF\n x \nEOF\n',
      instances: ['a', 'b', 'c'],
      host: 'nas',
      select: 'due',
      maxParallel: 3,
      allowPartial: true,
      dryRun: false,
      lockWait: '30m',
      uploadLogs: false,
      showLogs: true,
      artifactName: 'mine',
      artifactRetentionDays: 14,
      githubToken: 'ghs_1',
      fleet: '',
      reports: '',
      workflow: null,
      grace: '2h',
      pingUrl: 'https://watch/1',
      issue: false,
      point: '',
      targets: [],
      into: 'new',
      confirm: '',
      keepOld: true,
      unknown: [],
    })
  })

  test('those of check', () => {
    const given = env({ command: 'check', workflow: 'backup.yml', grace: '1d', issue: 'true', 'allow-partial': 'true' })
    expect(readInputs(given)).toMatchObject({ workflow: 'backup.yml', grace: '1d', issue: true, allowPartial: true })
  })

  test('everything that is wrong is named at once', () => {
    const wrong = env({
      command: 'bakcup',
      select: 'some',
      'max-parallel': '0',
      'allow-partial': 'yes',
      'dry-run': '1',
      'upload-logs': 'maybe',
      'artifact-retention-days': '1000',
    })
    expect(() => readInputs(wrong)).toThrow(InputError)
    expect(() => readInputs(wrong)).toThrow(
      [
        'Input command is "bakcup": it must be backup, plan, validate, check, summary, restore or drill.',
        'Input upload-logs is "maybe": it must be auto, true or false.',
        'Input select is "some": it must be auto, due or all.',
        'Input max-parallel is "0": it must be a number from 1 to 64.',
        'Input allow-partial is "yes": it must be true or false.',
        'Input dry-run is "1": it must be true or false.',
        'Input artifact-retention-days is "1000": it must be a number from 1 to 400.',
      ].join('\n'),
    )
  })

  test.each(['1.5', '-1', 'two', '1e3', '65', '9999999'])('max-parallel %j is refused', (value) => {
    expect(() => readInputs(env({ 'max-parallel': value }))).toThrow(/^Input max-parallel is/)
  })

  test.each([
    ['validate', 'instances', 'a'],
    ['validate', 'variables', 'A=1'],
    ['validate', 'host', 'nas'],
    ['plan', 'dry-run', 'true'],
    ['plan', 'lock-wait', '5m'],
    ['check', 'select', 'all'],
    ['check', 'max-parallel', '2'],
    ['summary', 'instances', 'a'],
    ['backup', 'fleet', '{}'],
    ['plan', 'reports', 'reports'],
    ['check', 'variables', 'A=1'],
    ['backup', 'workflow', 'backup.yml'],
    ['backup', 'grace', '3h'],
    ['plan', 'issue', 'true'],
    ['backup', 'point', 'latest'],
    ['backup', 'confirm', 'a'],
    ['restore', 'select', 'all'],
    ['restore', 'ping-url', 'https://watch/1'],
  ])('the command %s does not know %s', (command, name, value) => {
    expect(() => readInputs(env({ command, [name]: value }))).toThrow(
      `Input ${name} means nothing to the command "${command}": leave it out.`,
    )
    expect(() => readInputs(env({ command, [name]: INPUT_DEFAULTS[name as 'host'] }))).not.toThrow()
  })
})

describe('action.yml', () => {
  const action = parse(readFileSync(new URL('../../../action.yml', import.meta.url), 'utf8'))

  test('holds no expression but the default of the token: GitHub evaluates descriptions too, and refuses an action that it cannot', () => {
    const text = readFileSync(new URL('../../../action.yml', import.meta.url), 'utf8')
    expect(text.match(/\$\{\{[^}]*\}\}/g)).toEqual([['$', '{{ github.token }}'].join('')])
    expect(text).toMatch(/^ {4}default: \$\{\{ github\.token \}\}$/m)
  })

  test('has the inputs and defaults that the code knows', () => {
    const defaults = Object.fromEntries(
      Object.entries<{ default: string }>(action.inputs).map(([name, input]) => [name, input.default]),
    )
    const { 'github-token': token, ...others } = defaults
    expect(token).toBe(['$', '{{ github.token }}'].join('')) // an expression, for the platform alone
    expect({ ...others, 'github-token': '' }).toEqual(INPUT_DEFAULTS)
  })

  test('has the outputs that the code sets, and describes everything', () => {
    expect(Object.keys(action.outputs)).toEqual(OUTPUTS)
    for (const it of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
      expect((it as { description: string }).description).toMatch(/\.$|:$|`\.$/)
    }
  })

  test('runs one bundle in both phases', () => {
    expect(action.runs).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: 'dist/post.js',
      'post-if': 'always()',
    })
  })
})

test('inputs that action.yml does not have are known by their names', () => {
  expect(
    readInputs({ INPUT_INSTANCE: 'a', 'INPUT_MAX-PARALLEL': '2', INPUT_DRY_RUN: 'true', INPUT_: 'x' }).unknown,
  ).toEqual(['dry_run', 'instance'])
})
