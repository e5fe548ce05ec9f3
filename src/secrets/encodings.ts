/** Makes the forms in which a secret may appear in output: encoded, quoted by a shell, or written as JSON. Pure. */

/** Shortest text that is masked: characters of a value or of one of its lines, bytes of a form. A shorter one would hide half of every log. */
const SHORTEST_SECRET = 4

/** Line lengths at which the usual `base64` tools break (PEM and MIME). */
const BASE64_LINE_WIDTHS = [64, 76]
/** Shortest line of wrapped base64 that is masked, characters. */
const SHORTEST_WRAPPED = 8

/** Tells whether a value is long enough to be masked (four characters). White space around it does not count. */
export function isMaskable(secret: string): boolean {
  return secret.trim().length >= SHORTEST_SECRET
}

/**
 * Returns the texts by which `secret` is masked: the value, each of its meaningful lines, and their forms for URLs, JSON and shells; base64
 * is made of the value as a whole only. Empty if the value is too short; no text has fewer than four bytes.
 */
export function encodingsOf(secret: string): string[] {
  if (!isMaskable(secret)) return []
  const whole = Buffer.from(secret).toString() // lone surrogates become U+FFFD, as they do in every output
  const values = unique([whole, whole.trim()])
  const texts = [...values, ...meaningfulLines(whole)]
  const forms = [
    ...texts,
    ...texts.flatMap(urlForms),
    ...texts.flatMap(jsonForms),
    ...texts.flatMap(shellForms),
    ...values.flatMap(base64Forms),
  ]
  return unique(forms).filter((form) => Buffer.byteLength(form) >= SHORTEST_SECRET)
}

/**
 * Returns the few forms that are registered with the runner: it compares every line of a log with each of them, and with encodings that it
 * makes itself. Empty if the value is too short. Our own output is masked with all forms of `encodingsOf` before it reaches the runner.
 */
export function mainEncodingsOf(secret: string): string[] {
  if (!isMaskable(secret)) return []
  const value = Buffer.from(secret).toString()
  const texts = [value, value.trim(), ...meaningfulLines(value)]
  const encoded = [encodeURIComponent(value.trim()), JSON.stringify(value.trim()).slice(1, -1)]
  return unique([...texts, ...encoded, ...base64Places(Buffer.from(value))])
}

/** Returns the lines of a value of several lines, trimmed, without those that are too short or only structure; empty for a single line. */
function meaningfulLines(value: string): string[] {
  const lines = value.trim().split(/\r\n|\r|\n/)
  if (lines.length === 1) return []
  return lines.map((line) => line.trim()).filter((line) => line.length >= SHORTEST_SECRET && !isStructure(line))
}

/**
 * Tells whether a line holds only signs, the border of a PEM block, a key without its value, the heading of a section, or a word such as
 * `true`. Masking it would hide harmless text and no secret.
 */
function isStructure(line: string): boolean {
  return (
    !/[\p{L}\p{N}]/u.test(line) || // `});`, `-----`
    /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line) ||
    /^"?[\w.-]+"?\s*[:=]\s*[[{(]?$/.test(line) || // `key:`, `"key": {`
    /^\[[\w .-]*\]$/.test(line) || // `[default]`
    /^(true|false|null|none)[,;]?$/i.test(line)
  )
}

function urlForms(text: string): string[] {
  const component = encodeURIComponent(text)
  const strict = component.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const upper = [component, strict, strict.replaceAll('%20', '+'), encodeURI(text)]
  return upper.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())])
}

function jsonForms(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1)
  const unicode = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  return [
    plain,
    plain.replace(/[<>&\u2028\u2029]/g, unicode), // Go's encoder, so docker's too
    plain.replace(/[^\x20-\x7e]/g, unicode), // Python's
    plain.replaceAll('/', '\\/'), // PHP's
  ]
}

function shellForms(text: string): string[] {
  return [
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`),
    text.replace(/[\\"$`]/g, '\\$&'), // inside double quotes
    text.replace(/[^\w@%+=:,./-]/g, '\\$&'), // printf %q
  ]
}

/**
 * Returns the base64 of a value, in the standard and the URL alphabet: with and without `=`, in the lines into which tools wrap it, and as
 * a part of the base64 of a longer text.
 */
function base64Forms(text: string): string[] {
  const [alone = '', ...inside] = base64Places(Buffer.from(text))
  const wrapped = BASE64_LINE_WIDTHS.filter((width) => alone.length > width)
    .flatMap((width) => [...chunksOf(alone, width), ...chunksOf(inside[0] ?? '', width)])
    .filter((line) => line.length >= SHORTEST_WRAPPED)
  const forms = [alone, alone.replace(/=+$/, ''), ...inside, ...wrapped]
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}

/**
 * Returns the base64 of the bytes alone, then the part of it that stays the same where they begin 0, 1 or 2 bytes (modulo 3) into a longer
 * text.
 */
function base64Places(bytes: Buffer): string[] {
  const inside = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  return [bytes.toString('base64'), ...inside]
}

function chunksOf(text: string, width: number): string[] {
  return Array.from({ length: Math.ceil(text.length / width) }, (_, i) => text.slice(i * width, (i + 1) * width))
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
