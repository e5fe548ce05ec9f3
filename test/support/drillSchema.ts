/** Validates a `drill.json` as an auditor would, with the published schema and another validator, and finds keys that it does not name. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

type Schema = { readonly [key: string]: unknown }

/** Closes every object of a schema: a key that is not named is then an error. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inside = Object.fromEntries(Object.entries(schema as Schema).map(([key, value]) => [key, closed(value)]))
  return inside.type === 'object' ? { ...inside, additionalProperties: false } : inside
}

const published = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/drill.schema.json'), 'utf8'))
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

function validator(schema: object) {
  return new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, formats: { 'date-time': TIME } }).compile(
    schema,
  )
}

const open = validator(published)
const strict = validator(closed(published) as object)

/** Returns what is wrong with a `drill.json` of this release, one text each; empty if nothing is. */
export function drillProblems(value: unknown): readonly string[] {
  strict(value)
  return (strict.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

/** Tells whether the published schema takes the value. */
export function isDrillReport(value: unknown): boolean {
  return open(value)
}
