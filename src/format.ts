/** Writes numbers, times and joined sentences for people. Pure. */

/** Writes a number of seconds in two units at most: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `1 d 4 h`. */
export function seconds(value: number): string {
  if (value < 9.95) return `${value.toFixed(1)} s`
  const whole = Math.round(value)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(value / 60)
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(value / 3600)
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** Writes a time given in ms in whole seconds or larger units: `2 s`, `1 min 30 s`. */
export function limit(ms: number): string {
  return seconds(Math.round(ms / 1000)).replace('.0 s', ' s')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']

/** Writes a number of bytes in powers of 1000, with three digits at most up to 999 PB: `0 B`, `999 B`, `1.2 kB`, `785 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  let scaled = value
  let unit = ''
  for (const larger of BYTE_UNITS) {
    if (unit !== '' && scaled < 999.5) break
    scaled /= 1000
    unit = larger
  }
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`
}

/** Writes a number with its noun, given in the singular, which gets an `s` unless the number is 1: `1 instance`, `2 instances`. */
export function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`
}

/** Cuts an ISO 8601 time, which must be in UTC, to the minute: `2026-11-25 04:00 UTC`. */
export function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** Removes punctuation and space from the end of a text that others wrote, so that a sentence of ours can go on after it. */
export function withoutEnd(text: string): string {
  return text.replace(/[\s.,:;!?]+$/, '')
}

/** Returns what a terminal shows of a line that was written over and over (`10%\r50%\rdone`): its last words. */
export function lastWritten(line: string): string {
  return line.split('\r').findLast((part) => part.trim() !== '') ?? ''
}

/** Joins sentences into one text: by a space after one that ends with `.`, `!`, `?` or `…`, else by `; `. */
export function joinSentences(sentences: readonly string[]): string {
  return sentences.reduce(
    (text, next) => (text === '' ? next : `${text}${/[.!?…]$/.test(text) ? ' ' : '; '}${next}`),
    '',
  )
}
