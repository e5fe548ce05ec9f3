/** Decides which values of a run are masked, and makes them known to the runner, the console and the run's one redactor. */
import type { Console } from '../action/console/console.ts'
import { isEverydayWord } from '../config/everydayWords.ts'
import type { SecretText } from '../config/secretValues.ts'
import { createRedactor, maskable, type Redactor } from '../secrets/redaction.ts'

/** Holds the one redactor of a run. What is added to it is masked in the console too. */
interface SecretRegister {
  /** Masks these values from now on, also in streams that are already open, and tells the runner to. The runner is told of each value once. */
  add(values: Iterable<string>): void
  /** Masks these values like `add`, but does not tell the runner: the command that tells it can be read in the raw log. */
  addUntold(values: Iterable<string>): void
  /** Masks all values that were added until now, and those that are added later. */
  readonly redactor: Redactor
}

/** Makes the register of a run, which masks nothing yet. */
export function openSecretRegister(console: Console): SecretRegister {
  const told = new Set<string>()
  const redactor = createRedactor([])
  return {
    add(values) {
      const added = [...values]
      redactor.add(added)
      const fresh = maskable(added).values.filter((value) => !told.has(value))
      for (const value of fresh) told.add(value)
      console.mask(fresh, redactor)
    },
    addUntold(values) {
      redactor.add(values)
      console.mask([], redactor)
    },
    redactor,
  }
}

/**
 * Masks secrets that are found during the run. Returns a sentence if one of them hides harmless text too: it is then not told to the
 * runner, because GitHub drops every output that holds a value it masks. `origin` says where they stand. `untold`: the runner is told of
 * none.
 */
export type HideFound = (secrets: readonly string[], origin: string, runner?: 'told' | 'untold') => string | null

/** Makes the function that hides what is found during the run. `open` are texts that the run prints; `planned` are masked already. */
export function hideFound(register: SecretRegister, open: readonly string[], planned: Iterable<string>): HideFound {
  const known = new Set(planned)
  return (secrets, origin, runner = 'told') => {
    const fresh = secrets.filter((secret) => !known.has(secret))
    for (const secret of fresh) known.add(secret)
    // the origin holds the name of the container or volume, which is printed too
    const common = fresh.filter((secret) => isCommonText(secret, [...open, origin]))
    register.addUntold(runner === 'untold' ? fresh : common)
    if (runner === 'told') register.add(fresh.filter((secret) => !common.includes(secret)))
    return common.length === 0
      ? null
      : `Masked as *** wherever Marina writes it, though it is an everyday word or stands in an id, a name, a link or a path of this run: ${origin}. Choose one that is harder to guess.`
  }
}

/** Tells whether a text that is long enough to be masked is an everyday word, or stands in one of the `open` texts. */
function isCommonText(value: string, open: readonly string[]): boolean {
  if (maskable([value]).tooShort > 0) return false
  return isEverydayWord(value) || open.some((text) => text.includes(value.trim()))
}

/** The decision on the secrets of a run, with what is to be said of it. */
interface Masking {
  readonly masked: readonly SecretText[]
  /** One sentence that says which values are harmless texts and so not masked, by their origins; `null` if there are none. */
  readonly notice: string | null
  /** At most two sentences: how many values are too short to be masked, and which masked values also hide harmless text. */
  readonly warnings: readonly string[]
}

/**
 * Decides which values are masked. `open` are texts that this run prints (ids, names, links, paths). A value that is an everyday word, or
 * stands in such a text, is not masked if its name suggests something other than a secret (`S3_KEY_PREFIX`). Pure.
 */
export function decideMasking(secrets: readonly SecretText[], open: readonly string[]): Masking {
  const isCommon = ({ value }: SecretText) => isCommonText(value, open)
  const certain = new Set(secrets.filter((secret) => secret.isCertain).map(({ value }) => value))
  const common = secrets.filter(isCommon)
  const unmasked = common.filter((secret) => !certain.has(secret.value))
  const masked = secrets.filter((secret) => !unmasked.includes(secret))
  const { tooShort } = maskable(masked.map(({ value }) => value))
  const hiding = common.filter((secret) => secret.isCertain)
  return {
    masked,
    notice:
      unmasked.length === 0
        ? null
        : `Not masked, since the name tells of something else than a secret, and the value is an everyday word or stands in an id, a link or a path of this run: ${originsOf(unmasked)}.`,
    warnings: [
      ...(tooShort === 0
        ? []
        : [
            `${tooShort === 1 ? 'One secret is' : `${tooShort} secrets are`} shorter than 4 characters and cannot be masked: use longer ones.`,
          ]),
      ...(hiding.length === 0
        ? []
        : [
            `Masked as *** wherever it stands, though it is an everyday word or stands in an id, a link or a path of this run: the value of ${originsOf(hiding)}. GitHub drops the outputs of a job that hold it. If it is no secret, write it into the configuration instead of a variable; if it is one, choose one that is harder to guess.`,
          ]),
    ],
  }
}

function originsOf(secrets: readonly SecretText[]): string {
  return [...new Set(secrets.map(({ origin }) => origin))].join(', ')
}
