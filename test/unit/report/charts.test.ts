/** The timeline and the last runs of the summary. */
import { describe, expect, test } from 'vitest'
import type { PastRun, Phase, PhaseTiming } from '../../../src/outcome.ts'
import { pastRuns } from '../../../src/report/pastRuns.ts'
import { timeline } from '../../../src/report/timeline.ts'
import { instance, report } from './reports.ts'

const T0 = Date.parse('2026-11-24T23:59:50.000Z')

function phases(...list: readonly (readonly [Phase, number])[]): readonly PhaseTiming[] {
  let at = T0
  return list.map(([phase, seconds]) => {
    const startedAt = new Date(at).toISOString()
    at += seconds * 1000
    return { phase, startedAt, seconds }
  })
}

describe('the timeline', () => {
  test('shows what took time, the downtime and the failure in words, in UTC over midnight', () => {
    const shop = instance({
      ...{ id: 'shop', status: 'failed', failedPhase: 'run', downtimeSeconds: 2.44 },
      phases: phases(['resolve', 0.5], ['image', 0.05], ['dump', 6], ['stage', 8], ['run', 20], ['release', 1]),
    })
    expect(timeline(report({ instances: [shop] }), 50)).toMatchInlineSnapshot(`
      [
        "<details><summary>Timeline</summary>

      \`\`\`mermaid
      gantt
      dateFormat YYYY-MM-DD HH:mm:ss.SSS
      axisFormat %H:%M:%S
      tickInterval 10second
      section shop
      dump :2026-11-24 23:59:50.550, 2026-11-24 23:59:56.550
      copy, application away 2.4 s :2026-11-24 23:59:56.550, 2026-11-25 00:00:04.550
      run, failed :2026-11-25 00:00:04.550, 2026-11-25 00:00:24.550
      \`\`\`

      </details>",
      ]
    `)
  })

  test('nothing for a dry run, where nothing ran, and where there is no room', () => {
    const run = report({ instances: [instance({ phases: phases(['run', 2]) })] })
    expect(timeline(run, 50)).toHaveLength(1)
    expect(timeline({ ...run, dryRun: true }, 50)).toEqual([])
    expect(timeline(run, 0)).toEqual([])
    expect(timeline(report({ instances: [] }), 50)).toEqual([])
    expect(timeline(report({ instances: [instance({ phases: phases(['resolve', 9]) })] }), 50)).toEqual([])
    expect(
      timeline(report({ instances: [instance({ phases: [{ phase: 'run', startedAt: '', seconds: 9 }] })] }), 50),
    ).toEqual([])
  })

  test.each([
    ['a:b;c#d', 'a b c d'],
    ['%%{init: {}}%%', 'init'],
    ['x\nclick y', 'x click y'],
    ['```', '-'],
    ['n'.repeat(63), `${'n'.repeat(23)}…`],
  ])('the name %j cannot become syntax', (id, written) => {
    const [text = ''] = timeline(report({ instances: [instance({ id, phases: phases(['run', 2]) })] }), 50)
    expect(/^section (.*)$/m.exec(text)?.[1]).toBe(written)
    expect(text.match(/```/g)).toHaveLength(2)
  })

  test('at most 50 backups and 200 bars, and says how many are left out', () => {
    const of = (n: number, all: readonly PhaseTiming[]) =>
      timeline(
        report({ instances: Array.from({ length: n }, (_, i) => instance({ id: `i${i}`, phases: all })) }),
        50,
      )[0] ?? ''
    expect(of(60, phases(['run', 2]))).toContain('And 10 more backups')
    const full = of(60, phases(['image', 1], ['dump', 1], ['stage', 1], ['run', 1]))
    expect(full.match(/^\w+ :/gm)?.length).toBeLessThanOrEqual(200)
    const many = of(50, phases(['image', 1], ['dump', 1], ['dump', 1], ['stage', 1], ['run', 1]))
    expect(many.match(/^\w+ :/gm)).toHaveLength(200)
    expect(many).toContain('And 10 more backups')
  })

  test.each([
    [0.5, '1second'],
    [61, '20second'],
    [130, '1minute'],
    [3 * 3600, '1hour'],
    [20 * 86_400, '1week'],
  ])('a run of %d s has a tick every %s', (seconds, tick) => {
    const [text] = timeline(report({ instances: [instance({ phases: phases(['run', seconds]) })] }), 50)
    expect(text).toContain(`tickInterval ${tick}\n`)
  })
})

describe('the last runs', () => {
  const past = (more: Partial<PastRun> = {}): PastRun => ({
    ...{ startedAt: '2026-11-24T18:00:00.000Z', status: 'success', isScheduled: true },
    ...{ seconds: 60, bytes: 1_000_000, runId: '1', attempt: 1, ...more },
  })
  const chartsOf = (history: readonly PastRun[], most = 50) =>
    pastRuns(report({ instances: [instance({ history })] }), most)[0] ?? ''

  test('the newest at the right, a failure as a cross, sizes that nobody counted as dots', () => {
    const history = [
      past({ bytes: 2_000_000 }),
      past({ status: 'failed' }),
      past({ bytes: null }),
      past({ seconds: 7 }),
    ]
    expect(chartsOf(history)).toMatchInlineSnapshot(`
      "<details><summary>Last runs</summary>

      | backup | size and time |
      |---|---|
      | <b>files</b><br>3 of 4 good | ▅·✕█ 2.0 MB<br>▂█✕█ 1 min |

      The newest run is at the right, and its size and time behind it. ✕: not backed up; ·: not counted.

      </details>"
    `)
  })

  test('thirty runs at most, no chart of sizes where none is known, nothing but zeros', () => {
    const text = chartsOf(Array.from({ length: 40 }, () => past({ bytes: null, seconds: 0 })))
    expect(text).toContain('30 of 30 good')
    expect(text.match(/▁/g)).toHaveLength(30)
    expect(text).not.toContain('0 B')
  })

  test('nothing with one run alone, in a dry run, or without room; runs that all failed have a cross', () => {
    expect(chartsOf([past()])).toBe('')
    expect(chartsOf([past(), past()], 0)).toBe('')
    expect(pastRuns(report({ dryRun: true, instances: [instance({ history: [past(), past()] })] }), 50)).toEqual([])
    expect(chartsOf([past({ status: 'died' }), past({ status: 'partial' })])).toContain('0 of 2 good | ✕ |')
  })

  test('fifty backups, and how many more', () => {
    const instances = Array.from({ length: 53 }, () => instance({ history: [past(), past()] }))
    expect(pastRuns(report({ instances }), 50)[0]).toContain('And 3 more backups')
  })
})
