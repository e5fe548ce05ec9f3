import { expect, test } from 'vitest'
import { whyNotOurs } from '../../../src/claim/claim.ts'
import { VERSION_LABEL } from '../../../src/docker/labels.ts'
import { container } from '../../support/containers.ts'

test("a container of Marina's is never called a stranger's", () => {
  const theirs = container('marina-run-a')
  expect(whyNotOurs(theirs)).toBe(
    "a container named marina-run-a is on this host, and it is not Marina's: rename or remove it (docker rm marina-run-a), or choose another id",
  )
  for (const version of ['1', '2'])
    expect(whyNotOurs({ ...theirs, labels: { [VERSION_LABEL]: version } })).toMatch(
      /^container marina-run-a is Marina's, but of another version, or somebody renamed it/,
    )
})
