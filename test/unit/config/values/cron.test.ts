import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTimezone, parseCron } from '../../../../src/config/values/cron.ts'

const read = (text: string) => {
  const result = parseCron(text)
  return result.ok ? result.cron : result.message
}
const EVERY = {
  minutes: Array.from({ length: 60 }, (_, value) => value),
  hours: Array.from({ length: 24 }, (_, value) => value),
  daysOfMonth: null,
  months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  daysOfWeek: null,
  timezone: null,
}

test.each`
  text                                 | differs
  ${'* * * * *'}                       | ${{}}
  ${'? ? ? ? ?'}                       | ${{}}
  ${'*/1 */1 */1 */1 */1'}             | ${{}}
  ${'*/20 * * * *'}                    | ${{ minutes: [0, 20, 40] }}
  ${'5/20 * * * *'}                    | ${{ minutes: [5, 25, 45] }}
  ${'5-30/10 * * * *'}                 | ${{ minutes: [5, 15, 25] }}
  ${'*/100 * * * *'}                   | ${{ minutes: [0] }}
  ${'00 04 01 01 0'}                   | ${{ minutes: [0], hours: [4], daysOfMonth: [1], months: [1], daysOfWeek: [0] }}
  ${'30,10,10 * * * *'}                | ${{ minutes: [10, 30] }}
  ${'* * * JAN-mar,Dec *'}             | ${{ months: [1, 2, 3, 12] }}
  ${'* * * * sun,TUE-Thu'}             | ${{ daysOfWeek: [0, 2, 3, 4] }}
  ${'* * */2 * *'}                     | ${{ daysOfMonth: [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31] }}
  ${'* * *,5 * 1'}                     | ${{ daysOfWeek: [1] }}
  ${'* * 1-31 * 1'}                    | ${{}}
  ${'* * 31 2,3 *'}                    | ${{ daysOfMonth: [31], months: [2, 3] }}
  ${'* * 31 2 1'}                      | ${{ daysOfMonth: [31], months: [2], daysOfWeek: [1] }}
  ${'* * 29 2 *'}                      | ${{ daysOfMonth: [29], months: [2] }}
  ${'  *\t*  * * *  '}                 | ${{}}
  ${'CRON_TZ=Europe/Berlin * * * * *'} | ${{ timezone: 'Europe/Berlin' }}
  ${'TZ=UTC * * * * *'}                | ${{ timezone: 'UTC' }}
`('takes $text', ({ text, differs }) => {
  const { expression: _, ...cron } = read(text) as Exclude<ReturnType<typeof read>, string>
  expect(cron).toEqual({ ...EVERY, ...differs })
})

describe('7 is Sunday', () => {
  test.each`
    field          | days
    ${'7'}         | ${[0]}
    ${'07'}        | ${[0]}
    ${'0,7'}       | ${[0]}
    ${'1,7'}       | ${[0, 1]}
    ${'7-7'}       | ${[0]}
    ${'5-7'}       | ${[0, 5, 6]}
    ${'5-7/2'}     | ${[0, 5]}
    ${'6-7,2'}     | ${[0, 2, 6]}
    ${'0-7'}       | ${[0, 1, 2, 3, 4, 5, 6]}
    ${'1-7'}       | ${[0, 1, 2, 3, 4, 5, 6]}
    ${'0-7/7'}     | ${[0]}
    ${'*/7'}       | ${[0]}
    ${'7/3'}       | ${[0, 3, 6]}
    ${'7-2'}       | ${[0, 1, 2]}
    ${'7-0'}       | ${[0]}
    ${'sun'}       | ${[0]}
    ${'SUN-SUN'}   | ${[0]}
    ${'sun-tue'}   | ${[0, 1, 2]}
    ${'fri-sun'}   | ${[0, 5, 6]}
    ${'sat-7'}     | ${[0, 6]}
    ${'6-0'}       | ${[0, 6]}
    ${'mon-sun/3'} | ${[0, 1, 4]}
  `('$field', ({ field, days }) => {
    expect(read(`0 3 * * ${field}`)).toMatchObject({ daysOfWeek: days })
  })

  test('every day of the week beside a day of the month does not restrict', () => {
    expect(read('0 3 1 * 0-7')).toMatchObject({ daysOfMonth: null, daysOfWeek: null })
  })
})

test('keeps the fields as written', () => {
  expect(read(' TZ=UTC  0   4 * JAN  mon')).toMatchObject({ expression: '0 4 * JAN mon' })
})

test.each`
  text                         | message
  ${''}                        | ${'a schedule has five fields (minute, hour, day of the month, month, day of the week), this one has 0'}
  ${'2 * * *'}                 | ${'a schedule has five fields (minute, hour, day of the month, month, day of the week), this one has 4'}
  ${'0 0 2 * * *'}             | ${'a schedule has five fields (minute, hour, day of the month, month, day of the week), this one has 6'}
  ${'@every 1h'}               | ${'shorthands such as @every 1h are not taken: write five fields, such as "0 2 * * *" for daily at two'}
  ${'60 * * * *'}              | ${'the minute is 60, but goes from 0 to 59'}
  ${'* 24 * * *'}              | ${'the hour is 24, but goes from 0 to 23'}
  ${'* * 0 * *'}               | ${'the day of the month is 0, but goes from 1 to 31'}
  ${'* * * 13 *'}              | ${'the month is 13, but goes from 1 to 12'}
  ${'* * * * 8'}               | ${'the day of the week is 8, but goes from 0 to 7'}
  ${'* * * * 6-8'}             | ${'the day of the week is 8, but goes from 0 to 7'}
  ${'* * * * 5-2'}             | ${'the day of the week field holds the range "5-2", which ends before it begins'}
  ${'* * * * monday'}          | ${'the day of the week field holds "monday", which is no number and no name such as MON'}
  ${'* * * jan-foo *'}         | ${'the month field holds "foo", which is no number and no name such as FEB'}
  ${'-1 * * * *'}              | ${'the minute field holds "", which is no number'}
  ${'1- * * * *'}              | ${'the minute field holds "", which is no number'}
  ${'1-2-3 * * * *'}           | ${'the minute field holds "1-2-3", which is no number, range or step'}
  ${'1/2/3 * * * *'}           | ${'the minute field has the step "2/3": a step is a number from 1'}
  ${'*-5 * * * *'}             | ${'the minute field holds "*-5": a range needs two numbers'}
  ${'* 5-1 * * *'}             | ${'the hour field holds the range "5-1", which ends before it begins'}
  ${'*/0 * * * *'}             | ${'the minute field has the step "0": a step is a number from 1'}
  ${'*/ * * * *'}              | ${'the minute field has the step "": a step is a number from 1'}
  ${'1.5 * * * *'}             | ${'the minute field holds "1.5", which is no number'}
  ${'1e1 * * * *'}             | ${'the minute field holds "1e1", which is no number'}
  ${', * * * *'}               | ${'the minute field holds "", which is no number, range or step'}
  ${'* * 30,31 2 *'}           | ${'day 30 never comes in the months of this schedule, so it would never fire'}
  ${'* * 31 4,6,9,11 ?'}       | ${'day 31 never comes in the months of this schedule, so it would never fire'}
  ${'TZ= * * * * *'}           | ${'"" is not a time zone: write a name such as Europe/Berlin'}
  ${'CRON_TZ=Local * * * * *'} | ${'"Local" is not a time zone: write a name such as Europe/Berlin'}
`('refuses $text', ({ text, message }) => {
  expect(read(text)).toBe(message)
})

test.each`
  name                | is
  ${'Europe/Berlin'}  | ${true}
  ${'UTC'}            | ${true}
  ${'Etc/GMT+5'}      | ${true}
  ${'+02:00'}         | ${false}
  ${'Berlin'}         | ${false}
  ${''}               | ${false}
  ${'Europe/Berlin '} | ${false}
`('time zone "$name": $is', ({ name, is }) => {
  expect(isTimezone(name)).toBe(is)
})

describe('any text', () => {
  test('is taken or refused with one sentence, and what is taken fires at some time', () => {
    const sign = fc.constantFrom(...'0123456789*/-,? LW#H@', 'jan', 'MON', ' ', ' ', 'TZ=UTC ')
    fc.assert(
      fc.property(
        fc.array(sign, { maxLength: 20 }).map((signs) => signs.join('')),
        (text) => {
          const result = parseCron(text)
          if (!result.ok) {
            expect(result.message).not.toMatch(/\n|undefined/)
            return
          }
          const { minutes, hours, months, daysOfMonth, daysOfWeek } = result.cron
          for (const values of [minutes, hours, months, daysOfMonth ?? [1], daysOfWeek ?? [1]]) {
            expect(values.length).toBeGreaterThan(0)
            expect(values).toEqual([...new Set(values)].sort((a, b) => a - b))
          }
          expect(
            text
              .replace(/^\s*(CRON_)?TZ=\S+/, '')
              .trim()
              .split(/\s+/),
          ).toHaveLength(5)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
