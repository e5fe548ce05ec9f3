import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutFileNames } from '../../../src/report/hideFileNames.ts'
import { block, code, inline, link } from '../../../src/report/markdown.ts'
import { redactReport } from '../../../src/report/redact.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'
import { failed, failedTarget, instance, planned, report, target } from './reports.ts'

const FULL = { publicRepository: false, limitBytes: 1024 * 1024 }

describe('the summary', () => {
  test('of a dry run: what would be done, and no word of success', () => {
    const dry = report({
      dryRun: true,
      result: 'nothing-due',
      instances: [
        instance({
          status: 'skipped',
          exitCode: null,
          targets: [planned('data', 'mounted in place'), planned('app', 'copied in two passes around a stop')],
        }),
      ],
    })
    const text = renderSummary(dry, FULL)
    expect(text).toMatchInlineSnapshot(`
      "### ⏭️ Dry run on nas: nothing was backed up, 1 backup would be

      | Instance | Status | Targets | Size | Downtime | Duration | Next run |
      | --- | --- | --- | ---: | ---: | ---: | --- |
      | <code>files</code> | ⏭️ would run | 2 | – | – | 1 min 15 s | 2026-11-25 04:00 UTC |

      #### What a run would do

      - <code>files</code>: volume <code>data</code> would be mounted in place
      - <code>files</code>: volume <code>app</code> would be copied in two passes around a stop

      <sub>Docker 28.2.2 · <a href="https://github.com/o/r/actions/runs/5">run</a> · begun 2026-11-24 18:00 UTC</sub>
      "
    `)
    expect(text).not.toMatch(/success|staged|✅/)
    const bad = {
      ...dry,
      result: 'failed' as const,
      instances: [...dry.instances, failed('mail', 'volume mail is not there')],
    }
    expect(renderSummary(bad, FULL)).toMatch(
      /^### ❌ Dry run on nas: nothing was backed up, and 1 of 2 backups would fail or be incomplete: mail\n/,
    )
  })

  test('of a good run', () => {
    expect(renderSummary(report(), FULL)).toMatchInlineSnapshot(`
      "### ✅ 1 backup succeeded on nas, in 1 min 20 s

      | Instance | Status | Targets | Size | Downtime | Duration | Next run |
      | --- | --- | --- | ---: | ---: | ---: | --- |
      | <code>files</code> | ✅ success | 1 | 1.2 MB | – | 1 min 15 s | 2026-11-25 04:00 UTC |

      <sub>Docker 28.2.2 · <a href="https://github.com/o/r/actions/runs/5">run</a> · begun 2026-11-24 18:00 UTC</sub>
      "
    `)
  })

  test('of a run with everything in it', () => {
    const text = renderSummary(
      report({
        result: 'failed',
        attempt: 2,
        warnings: ['the image could not be pulled'],
        instances: [
          instance(),
          instance({
            id: 'db',
            status: 'partial',
            failedPhase: 'dump',
            error: '1 of 2 targets failed',
            targets: [
              target({ warnings: ['stopped by a kill'] }),
              { ...failedTarget('pg', 'password wrong'), kind: 'db' },
            ],
            downtimeSeconds: 0.42,
            warnings: ['slow'],
          }),
          failed('mail', 'the image ended with exit code 7', ['uploading', 'oh no']),
          instance({ id: 'late', status: 'skipped', startedAt: null, nextRun: null, targets: [] }),
          instance({ id: 'mounted', targets: [target({ bytes: null, files: null, staging: 'mount' }), target()] }),
        ],
      }),
      FULL,
    )
    expect(text).toMatchInlineSnapshot(`
      "### ❌ 1 of 5 backups failed on nas: mail

      | Instance | Status | Targets | Size | Downtime | Duration | Next run |
      | --- | --- | --- | ---: | ---: | ---: | --- |
      | <code>files</code> | ✅ success | 1 | 1.2 MB | – | 1 min 15 s | 2026-11-25 04:00 UTC |
      | <code>db</code> | ⚠️ partial (dump) | 1 of 2 | 1.2 MB | 0.4 s | 1 min 15 s | 2026-11-25 04:00 UTC |
      | <code>mail</code> | ❌ failed (run) | 1 | 1.2 MB | – | 1 min 15 s | 2026-11-25 04:00 UTC |
      | <code>late</code> | ⏭️ skipped | – | – | – | – | by hand |
      | <code>mounted</code> | ✅ success | 2 | 1.2 MB + mounted | – | 1 min 15 s | 2026-11-25 04:00 UTC |

      <details><summary>❌ <b>mail</b>: the image ended with exit code 7</summary>

      Last 2 lines of its log:

      <pre>
      uploading
      oh no
      </pre>

      </details>

      <details><summary>⚠️ <b>db</b>: 1 of 2 targets failed</summary>

      - db <code>pg</code>: password wrong

      </details>

      #### Warnings

      - the image could not be pulled
      - <code>db</code>: slow
      - <code>db</code>, volume <code>data</code>: stopped by a kill

      <sub>Docker 28.2.2 · attempt 2 · <a href="https://github.com/o/r/actions/runs/5">run</a> · begun 2026-11-24 18:00 UTC</sub>
      "
    `)
  })

  test.each([
    ['nothing-due', report({ result: 'nothing-due', instances: [] }), '### 💤 Nothing was due on nas'],
    [
      'partial',
      report({ result: 'partial', instances: [instance({ status: 'partial' })] }),
      '### ⚠️ 1 of 1 backup incomplete on nas: files',
    ],
    [
      'cancelled',
      report({ result: 'cancelled', instances: [instance(), instance({ status: 'cancelled' })] }),
      '### 🚫 Cancelled on nas: 1 of 2 backups succeeded before',
    ],
  ])('verdict %s', (_, run, verdict) => {
    expect(renderSummary(run, FULL).split('\n')[0]).toBe(verdict)
  })

  test('always fits, and says that it was cut', () => {
    const run = report({
      result: 'failed',
      instances: Array.from({ length: 300 }, (_, i) =>
        failed(
          `db${i}`,
          'e'.repeat(3000),
          Array.from({ length: 50 }, () => '&'.repeat(1000)),
        ),
      ),
      warnings: Array.from({ length: 999 }, () => 'w'.repeat(3000)),
    })
    for (const limitBytes of [1024 * 1024, 100_000, 30_000, 2000, 200, 60, 3]) {
      const text = renderSummary(run, { publicRepository: false, limitBytes })
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limitBytes)
      if (limitBytes >= 200) expect(text).toMatch(/^### ❌ 300 of 300 backups failed on nas: db0, db1.* and 295 more$/m)
      if (limitBytes >= 2000) expect(text).toContain('This summary was cut to fit')
    }
  })

  test('a public repository sees no file names and no log', () => {
    const text = renderSummary(
      report({
        result: 'failed',
        configFile: 'config.yml',
        instances: [
          {
            ...failed('mail', 'path "etc/secret.key" of volume "mail" is not there (config.yml line 3)', [
              'wrote /srv/x',
            ]),
            targets: [failedTarget('mail', "cp: can't stat '/data/a b.txt': gone")],
            warnings: ['acme/backup:1 skipped letters/inbox.mbox and notes.odt'],
          },
        ],
      }),
      { ...FULL, publicRepository: true },
    )
    expect(text).not.toMatch(/secret|srv|data\/|a b|inbox|letters|notes/)
    expect(text).toContain('config.yml')
    expect(text).toContain('acme/backup&#58;1')
    expect(text).toContain('mail')
  })
})

describe('text from anywhere', () => {
  const nasty = [
    '<script>alert(1)</script>',
    '</details></pre><h1>x',
    '| a | b |',
    '`code` **bold** _it_ ~~gone~~',
    '[click](javascript:alert(1)) ![i](http://x/y.png)',
    '@everyone #1 :tada: https://evil.example',
    '&lt;b&gt;',
    'line\n\n# heading\n- [x] task',
    '\u202eturned\u202c \x1b[31mred',
  ]

  test.each(nasty)('%j is no markup in a sentence, a name or a block', (text) => {
    for (const shown of [inline(text), code(text)]) {
      const rest = shown.replace(/<\/?(span|code)>/g, '').replace(/&#\d+;/g, '')
      expect(rest).toMatch(/^[\p{L}\p{N} \ufffd,;'"()/%?.=+:-]*$/u)
      expect(rest).not.toMatch(/^\d+[.)]( |$)|^[-+=]|:\S|www\./i)
    }
    const lines = block([text]).split('\n')
    expect([lines.length, lines[0], lines[2]]).toEqual([3, '<pre>', '</pre>'])
    expect(lines[1]).not.toMatch(/[<>]|&(?!#\d+;)/)
  })

  test('nothing that a report holds changes the structure of the page', () => {
    const word = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme', maxLength: 30 }))
    fc.assert(
      fc.property(fc.array(word, { minLength: 12, maxLength: 12 }), fc.boolean(), (words, publicRepository) => {
        const of = (w: readonly string[]) => {
          const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = ''] = w
          const bad = {
            ...failed(a, b, [c, d]),
            warnings: [e],
            targets: [failedTarget(f, g)],
          }
          const run = report({
            result: 'failed',
            host: h,
            instances: [bad],
            warnings: [i],
            engine: { version: j, apiVersion: '1' },
          })
          return renderSummary(run, { ...FULL, publicRepository })
        }
        const skeleton = (text: string) =>
          text
            .replace(/<pre>\n.*\n.*\n<\/pre>/, '<pre>')
            .split('\n')
            .map((line) => ({
              item: line.startsWith('- '),
              marks: line
                .replace(/<\/?span>/g, '')
                .replace(/&#\d+;/g, '')
                .replace(/[^|<>`*_~[\]\\#&]/g, ''),
            }))
        expect(skeleton(of(words))).toEqual(skeleton(of(Array.from({ length: 12 }, () => 'x'))))
      }),
      { numRuns: 400 },
    )
  })

  test('a link is one of ours or none', () => {
    expect(link('run', 'https://github.com/o/r/actions/runs/5')).toBe(
      '<a href="https://github.com/o/r/actions/runs/5">run</a>',
    )
    expect(link('run', 'javascript:alert(1)')).toBeNull()
    expect(link('run', 'https://x/"><b>')).toBeNull()
  })
})

describe('secrets', () => {
  test('are taken out of the report before it is escaped; our own words stay', () => {
    const run = report({
      result: 'failed',
      instances: [failed('db', 'login with p@ss|word! refused', ['p@ss|word!'])],
      warnings: ['failed'],
    })
    const safe = redactReport(run, createRedactor(['p@ss|word!', 'failed', '2026-11-24']).text)
    expect(safe.instances[0]).toMatchObject({ error: 'login with *** refused', tail: ['***'], status: 'failed' })
    expect(safe).toMatchObject({ result: 'failed', startedAt: run.startedAt, version: 1, warnings: ['***'] })
    expect(safe.engine).toEqual(run.engine)
    expect(renderSummary(safe, FULL)).not.toMatch(/ss&#124;word/)
  })
})

test.each([
  ['volume "data" does not exist on host nas', 'volume "data" does not exist on host nas'],
  ['path "a b/c" is a link', 'path "…" is a link'],
  ['tar: /backup/x/y: Cannot open', 'tar: …: Cannot open'],
  ['see dump.sql.part, or data', 'see …, or data'],
  ['volume data has no path secret: see paths', 'volume data has no path …: see paths'],
  ['"a \\"b\\" c" is gone', '"…" is gone'],
  ["rm: can't remove 'my \"own\" file': busy", "rm: can't remove '…': busy"],
  ['‘x y’ and `z`', '‘…’ and `…`'],
  ['label it dev.polarfox.marina.enabled=true', 'label it dev.polarfox.marina.enabled=true'],
  ['took 1.5 s of 10 s', 'took 1.5 s of 10 s'],
  ["it's 5 o'clock", "it's 5 o'clock"],
])('in public %j becomes %j', (sentence, shown) => {
  expect(withoutFileNames(sentence, new Set(['data', 'nas']))).toBe(shown)
})
