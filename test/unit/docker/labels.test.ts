/** The labels are the journal: what one run writes, the next must read as it was meant. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  claimLabels,
  claimName,
  isClaim,
  type PlannedClaim,
  parseClaim,
  releasedSweepName,
  sweepGeneration,
  sweepName,
} from '../../../src/docker/labels.ts'
import { container, idOf } from '../../support/containers.ts'

const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,20}$/)
const id = name.map(idOf)
const entry = fc.record(
  {
    wave: fc.nat(9999),
    id,
    name,
    healthyFirst: fc.constant(true as const),
    before: fc.constantFrom('unhealthy' as const, 'restarting' as const),
  },
  { requiredKeys: ['wave', 'id', 'name'] },
)
const base = {
  instance: name,
  self: name.map(claimName),
  owner: fc.record({
    repository: fc.constantFrom('', 'acme/backups'),
    server: fc.constantFrom('', 'https://github.com'),
    runId: fc.constantFrom('', '4711'),
    attempt: fc.integer({ min: 1, max: 99 }),
    job: name,
    process: fc.constantFrom('', 'boot pid:[4026531836] 42 123456'),
  }),
  deadline: fc.integer({ min: 0, max: 4_000_000_000_000 }),
}
// containers are started again wave by wave
const restart = fc.array(entry, { maxLength: 20 }).map((entries) => entries.toSorted((a, b) => a.wave - b.wave))
const few = (one: typeof name) => fc.array(one, { maxLength: 12 })
const claim: fc.Arbitrary<PlannedClaim> = fc.oneof(
  fc.record({ ...base, kind: fc.constant('backup' as const) }),
  fc.record({ ...base, kind: fc.constant('helper' as const), restart, dumps: few(id), hooks: few(name) }),
  fc.record({ ...base, kind: fc.constant('image' as const), helper: id }),
  fc.record({ ...base, kind: fc.constant('journal' as const), restart }),
)

describe('the labels of a claim', () => {
  test('say all of it to whoever reads them', () => {
    fc.assert(
      fc.property(claim, (written) => {
        const found = container(written.self, { labels: claimLabels(written) })
        expect(parseClaim(found)).toEqual({ ...written, container: found })
      }),
    )
  })

  test('are believed under its own name, and under the name of one who took it over by its id', () => {
    fc.assert(
      fc.property(claim, fc.integer({ min: 1, max: 40 }), (written, generation) => {
        const labels = claimLabels(written)
        const own = container(written.self, { labels })
        const sweep = sweepName(own.id, generation)
        const names = [own.name, sweep, releasedSweepName(own.id, generation)]
        expect(names.map((one) => isClaim({ ...own, name: one }))).toEqual([true, true, true])
        expect(names.map((one) => sweepGeneration({ ...own, name: one }))).toEqual([0, generation, generation])
        // an image can carry labels, too
        for (const other of [`${own.name}-copy`, sweepName(idOf('another'), generation), 'marina-sweep-'])
          expect(parseClaim({ ...own, name: other })).toBeNull()
      }),
    )
  })

  test.each([
    ['of another version', { 'dev.polarfox.marina-action.version': '2' }],
    ['of no version', { 'dev.polarfox.marina-action.version': '' }],
    ['of an unknown kind', { 'dev.polarfox.marina-action.kind': 'staging' }],
    ['without its name', { 'dev.polarfox.marina-action.self': '' }],
  ])('%s are not ours', (_, over) => {
    const [written] = fc.sample(claim, { numRuns: 1, seed: 1 })
    if (!written) throw new Error('no sample')
    const labels = { ...claimLabels(written), ...over }
    expect(parseClaim(container(written.self, { labels }))).toBeNull()
  })

  test('without a deadline that can be read are past it', () => {
    const [written] = fc.sample(claim, { numRuns: 1, seed: 1 })
    if (!written) throw new Error('no sample')
    const labels = { ...claimLabels(written), 'dev.polarfox.marina-action.deadline': 'soon' }
    expect(parseClaim(container(written.self, { labels }))?.deadline).toBe(0)
  })
})
