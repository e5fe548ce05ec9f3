import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../../src/action/inputs.ts'
import { OUR_COMMANDS } from '../../../src/workflows/actionUse.ts'
import { readWorkflows } from '../../../src/workflows/readWorkflows.ts'

const PATH = '.github/workflows/backup.yml'

function read(text: string, more: Readonly<Record<string, string>> = {}) {
  const files = { [PATH]: text, ...more }
  return readWorkflows(Object.entries(files).map(([path, text]) => ({ path, text })))
}

const workflow = (on: string, use: string) => `name: x\non:\n${on}\njobs:\n  a:\n${use}\n`
const step = (uses: string, more = '') =>
  `    steps:\n      - uses: actions/checkout@v5\n      - uses: ${uses}\n${more}`
const NIGHTLY = '  schedule:\n    - cron: "17 2 * * *"'

test('the commands by which a fork is known are those of the action', () => {
  expect(OUR_COMMANDS).toEqual(COMMANDS)
})

test('a workflow that runs the action: when, what, with which configuration', () => {
  const text = `name: x
on:
  schedule:
    - cron: "17 2 * * *"
    - cron: '30 5 * * MON-FRI'
      timezone: Europe/Berlin
  workflow_dispatch:
jobs:
  nas:
    steps:
      - uses: OWNER/marina-for-github-actions@v1
        with: {config: ./hosts/nas.yml, instances: "a, b", host: nas}
      - uses: OWNER/marina-for-github-actions@v1
        with: {command: check, config: "\${{ matrix.config }}"}
`
  expect(read(text)).toEqual({
    problems: [],
    workflows: [
      {
        path: PATH,
        triggers: ['schedule', 'workflow_dispatch'],
        crons: [
          { cron: '17 2 * * *', timezone: 'UTC', line: 4 },
          { cron: '30 5 * * MON-FRI', timezone: 'Europe/Berlin', line: 5 },
        ],
        uses: [
          expect.objectContaining({
            line: 11,
            command: 'backup',
            config: 'hosts/nas.yml',
            instances: ['a', 'b'],
            host: 'nas',
          }),
          expect.objectContaining({ line: 13, command: 'check', config: null, instances: null, host: null }),
        ],
      },
    ],
  })
})

test.each([
  ['the action', step('OWNER/marina-for-github-actions@v1'), true],
  ['a pinned one, in quotes', step('"me/Marina-for-github-actions@0123456789" # v1'), true],
  ['a fork of another name, by its inputs', step('me/backups@v1', '        with: {instances: a, variables: X}'), true],
  ['this repository itself', step('./'), true],
  ['the reusable workflow', '    uses: OWNER/marina-for-github-actions/.github/workflows/marina.yml@v1', true],
  ['the reusable workflow beside it', '    uses: ./.github/workflows/marina.yml', true],
  ['a local action that is not there, by its name', step('./.github/actions/marina'), true],
  ['a local action that is not there', step('./.github/actions/lint'), false],
  ['another action', step('some/linter@v1', '        with: {config: .lint.yml}'), false],
  ['another action with a command', step('some/tool@v1', '        with: {command: check}'), false],
  ['an image', step('docker://marina:1'), false],
  ['a script that speaks of it', '    steps:\n      - run: echo marina-for-github-actions', false],
  ['no use at all', '    steps: []', false],
])('known by what it uses: %s', (_, use, isOurs) => {
  expect(read(workflow(NIGHTLY, use)).workflows.length > 0).toBe(isOurs)
})

test('calls are followed through files of the repository, and what the caller gives is passed on', () => {
  const caller = workflow(
    NIGHTLY,
    '    uses: ./.github/workflows/host.yml\n    with: {config: hosts/web.yml, instances: a}',
  )
  const called = workflow('  workflow_call:', step('./tools/backup', `        with: {config: "\${{ inputs.config }}"}`))
  const action = `runs:\n  using: composite\n  steps:\n    - uses: me/marina@v1\n      with: {config: "\${{ inputs.config }}"}\n`
  const { workflows } = read(caller, { '.github/workflows/host.yml': called, 'tools/backup/action.yml': action })
  expect(workflows.map(({ path, crons }) => [path, crons.length])).toEqual([
    [PATH, 1],
    ['.github/workflows/host.yml', 0],
  ])
  expect(workflows[0]?.uses).toMatchObject([{ line: 7, config: 'hosts/web.yml', instances: ['a'], command: 'backup' }])
  const circle = { '.github/workflows/host.yml': workflow(NIGHTLY, '    uses: ./.github/workflows/backup.yml') }
  expect(read(workflow(NIGHTLY, '    uses: ./.github/workflows/host.yml'), circle).workflows).toEqual([])
})

test.each`
  cron                        | more                     | kept     | problem
  ${'17 2 * * *'}             | ${''}                    | ${true}  | ${null}
  ${'0 0 * JAN-DEC SUN-SAT'}  | ${''}                    | ${true}  | ${null}
  ${'*/5 * * * *'}            | ${''}                    | ${true}  | ${null}
  ${'*/4 * * * *'}            | ${''}                    | ${true}  | ${/shortest interval is 5 minutes/}
  ${'0,58 * * * *'}           | ${''}                    | ${true}  | ${/every 2 minutes/}
  ${'0 0 ? * MON'}            | ${''}                    | ${true}  | ${/write \*/}
  ${'0 0 * * 5-7'}            | ${''}                    | ${true}  | ${/write 0 or SUN/}
  ${'17 2 * * *'}             | ${'timezone: Mars/Base'} | ${false} | ${/Mars\/Base" is no time zone/}
  ${'CRON_TZ=UTC 17 2 * * *'} | ${''}                    | ${false} | ${/Write `timezone/}
  ${'0 0 30 2 *'}             | ${''}                    | ${false} | ${/never comes/}
  ${'@daily'}                 | ${''}                    | ${false} | ${/five fields/}
  ${'0 0 * *'}                | ${''}                    | ${false} | ${/this one has 4/}
`('the cron "$cron" $more', ({ cron, more, kept, problem }) => {
  const { workflows, problems } = read(
    workflow(`  schedule:\n    - cron: "${cron}"\n      ${more}`, step('me/marina@v1')),
  )
  expect(workflows[0]?.crons.length).toBe(kept ? 1 : 0)
  if (problem === null) expect(problems).toEqual([])
  else expect(problems).toEqual([{ path: PATH, line: 4, message: expect.stringMatching(problem) }])
})

test('a file that is no YAML is a problem at its line, unless it does not speak of Marina', () => {
  const broken = 'name: x\njobs:\n\t- marina\n'
  expect(read(broken)).toEqual({
    workflows: [],
    problems: [{ path: PATH, line: 3, message: expect.stringMatching(/GitHub does not start it: YAML is indented/) }],
  })
  expect(read('a: [\n').problems).toEqual([])
  expect(read('on: push\non: push # marina').problems).toHaveLength(1)
})

test('the events may be a word, a list or a map', () => {
  const of = (on: string) => read(`on: ${on}\njobs: {a: {steps: [{uses: me/marina@v1}]}}`).workflows[0]?.triggers
  expect([of('push'), of('[push, workflow_dispatch]'), of('{schedule: [], push: }'), of('')]).toEqual([
    ['push'],
    ['push', 'workflow_dispatch'],
    ['schedule', 'push'],
    [],
  ])
})

test('no text makes it throw, and every problem has a line of the file', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...['on:', '  schedule:', '    - cron: "1 2 * * *"', '    - cron:', '      timezone: [a]', 'jobs:', '  a: &x'],
      ...[
        '  b: *x',
        '    uses: ./.github/workflows/backup.yml',
        '    steps:',
        '      - uses: me/marina@v1',
        '    <<: *x',
      ],
      ...['        with: {command: [x]}', '      - ', '\t', 'on: [schedule]', 'null', '!!binary x', '? [a]: b', '---'],
    ),
    fc.string({ maxLength: 20 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (lines) => {
      const text = `# marina\n${lines.join('\n')}`
      const { problems, workflows } = read(text)
      for (const { line } of problems) expect(line).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length + 1)
      for (const { crons, uses } of workflows) expect([crons, uses.length > 0]).toEqual([expect.any(Array), true])
    }),
    { numRuns: 2000 },
  )
})
