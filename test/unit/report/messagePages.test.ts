import { expect, test } from 'vitest'
import { renderRefusal, renderValid } from '../../../src/report/messagePages.ts'

const links = {
  workflow: 'https://github.com/o/r/actions/workflows/backup.yml',
  config: 'https://github.com/o/r/blob/0123456/config.yml',
}
const at = { file: 'config.yml', line: 4, column: 5, path: 'instances[0].shedule' }
const refusal = { heading: '❌ config.yml: 2 errors, nothing was backed up', links, limitBytes: 100_000 }

test('a configuration that is wrong: each error with a link to its line', () => {
  const messages = [
    { message: 'unknown key `shedule`: did you mean `schedule`?', at },
    { message: 'no instances', at: { ...at, line: 1, column: 1, path: '' } },
  ]
  expect(renderRefusal({ ...refusal, messages })).toMatchInlineSnapshot(`
    "### ❌ config.yml: 2 errors, nothing was backed up

    > [!CAUTION]
    > - <b><a href="https://github.com/o/r/blob/0123456/config.yml#L4">config.yml&#58;4&#58;5</a></b> <code>instances&#91;0&#93;.shedule</code>: unknown key &#96;shedule&#96;: did you mean &#96;schedule&#96;?
    > - <b><a href="https://github.com/o/r/blob/0123456/config.yml#L1">config.yml&#58;1&#58;1</a></b>: no instances

    When that is mended: <b><a href="https://github.com/o/r/actions/workflows/backup.yml">Run again</a></b>.
    "
  `)
})

test('one message is no list', () => {
  const page = { ...refusal, heading: '❌ Nothing was backed up', links: { workflow: null, config: null } }
  expect(
    renderRefusal({ ...page, messages: [{ message: 'no Docker engine answers', at: null }] }),
  ).toMatchInlineSnapshot(`
    "### ❌ Nothing was backed up

    > [!CAUTION]
    > no Docker engine answers
    "
  `)
})

test('a configuration that is right: what is in it', () => {
  expect(
    renderValid({
      file: 'config.yml',
      instances: [
        { id: 'documents', line: 2, schedule: '17 2 * * * Europe/Berlin', variables: ['RESTIC_PASSWORD', 'TOKEN'] },
        { id: 'shop', line: 9, schedule: null, variables: [] },
      ],
      changes: null,
      advice: [{ severity: 'notice', message: 'dbPath is not used here', file: null, line: 1 }],
      config: links.config,
      limitBytes: 100_000,
    }),
  ).toMatchInlineSnapshot(`
    "### ✅ config.yml is valid: 2 backups

    | backup | when | variables |
    |---|---|---|
    | <b><a href="https://github.com/o/r/blob/0123456/config.yml#L2">documents</a></b> | 17 2 &#42; &#42; &#42; Europe/Berlin | <code>RESTIC&#95;PASSWORD</code>, <code>TOKEN</code> |
    | <b><a href="https://github.com/o/r/blob/0123456/config.yml#L9">shop</a></b> | by hand | – |

    - <a href="https://github.com/o/r/blob/0123456/config.yml#L1">line 1</a>: dbPath is not used here

    Nothing was backed up: <code>command: validate</code> reads the file, and asks neither Docker nor for the values of variables.
    "
  `)
})

test('both always fit', () => {
  const messages = Array.from({ length: 5000 }, (_, i) => ({ message: `<b>wrong</b> ${i}`, at }))
  const instances = messages.map((_, i) => ({ id: `i${i}`, line: i, schedule: null, variables: ['A'] }))
  for (const limitBytes of [1_000_000, 50_000, 2000, 300, 10]) {
    const refused = renderRefusal({ ...refusal, messages, limitBytes })
    const valid = renderValid({ file: 'c.yml', instances, advice: [], changes: null, config: null, limitBytes })
    for (const text of [refused, valid]) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limitBytes)
    expect(refused).not.toContain('<b>wrong')
    if (limitBytes > 300 && limitBytes < 1_000_000) expect(refused).toMatch(/and \d+ more messages, in the job's log/)
  }
})
