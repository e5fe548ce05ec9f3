/** Checks `retention` as Marina's users write it: `7d:4w:6m`, the number to keep of each kind. Pure. */

/**
 * Tells whether the text says how many to keep: numbers with a unit (`h`, `d`, `w`, `m`, `y`), each unit once, or up to three bare numbers
 * for days, weeks and months. A part may be empty, as it may in Marina. At least one part must keep something.
 */
export function isRetention(text: string): boolean {
  const parts = text.split(':').filter((part) => part !== '')
  const units = parts.map((part) => /^[0-9]{1,6}([hdwmy]?)$/.exec(part)?.[1])
  if (units.includes(undefined) || !parts.some((part) => Number.parseInt(part, 10) > 0)) return false
  const isBare = units.every((unit) => unit === '')
  return isBare ? text.split(':').length <= 3 : !units.includes('') && new Set(units).size === units.length
}
