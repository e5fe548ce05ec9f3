import { expect, test } from 'vitest'
import { matrixOf } from '../../../src/command/planMatrix.ts'
import type { PlannedRow } from '../../../src/report/planPage.ts'

const row = (id: string, host: string, isDue = true): PlannedRow => ({
  ...{ id, host, isDue, why: '', slot: null, next: null, nextWords: null, line: 1 },
  ...{ runsOn: ['self-hosted', host], variables: [], optionalVariables: [] },
})
const many = (count: number, host: string, length = 20) =>
  Array.from({ length: count }, (_, n) => row(`${host}${n}`.padEnd(length, 'x'), host))

test('each host with something due is one job, with its ids', () => {
  expect(matrixOf([row('a', 'nas'), row('b', 'web', false), row('c', 'nas')], true)).toEqual([
    { name: 'nas', 'runs-on': ['self-hosted', 'nas'], instances: 'a,c' },
  ])
  expect(matrixOf([row('b', 'web', false)], true)).toEqual([])
})

test('a list that no variable of a process can hold is left out, and the host decides', () => {
  const matrix = matrixOf([...many(5000, 'big'), row('a', 'nas')], true)
  expect(matrix.map(({ name, instances }) => [name, instances])).toEqual([
    ['big', ''],
    ['nas', 'a'],
  ])
})

test('lists that are longer together than the outputs of a job are left out, the longest first', () => {
  const hosts = Array.from({ length: 200 }, (_, n) => many(n === 7 ? 90 : 50, `h${n}`, 63)).flat()
  const matrix = matrixOf(hosts, true)
  expect(matrix.length).toBe(200)
  expect(matrix[7]?.instances).toBe('')
  expect(JSON.stringify(matrix).length).toBeLessThan(450_000)
  expect(matrix.some(({ instances }) => instances !== '')).toBe(true)
})

test('ids that somebody chose are never left out', () => {
  expect(matrixOf(many(6000, 'big'), false)[0]?.instances.length).toBeGreaterThan(100_000)
})
