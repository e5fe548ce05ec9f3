import { expect, test } from 'vitest'
import { isOfHostOnly, isSameRepository, parseImageName } from '../../../src/docker/imageNames.ts'

test.each`
  reference                        | registry            | repository          | isPinned
  ${'alpine'}                      | ${'docker.io'}      | ${'library/alpine'} | ${false}
  ${'alpine:3'}                    | ${'docker.io'}      | ${'library/alpine'} | ${false}
  ${'docker.io/alpine'}            | ${'docker.io'}      | ${'library/alpine'} | ${false}
  ${'index.docker.io/me/b'}        | ${'docker.io'}      | ${'me/b'}           | ${false}
  ${'marina/example:1'}            | ${'docker.io'}      | ${'marina/example'} | ${false}
  ${'localhost/example:1'}         | ${'localhost'}      | ${'example'}        | ${false}
  ${'localhost:5000/a/b:1'}        | ${'localhost:5000'} | ${'a/b'}            | ${false}
  ${'nas:5000/b'}                  | ${'nas:5000'}       | ${'b'}              | ${false}
  ${'[::1]:5000/b:1'}              | ${'[::1]:5000'}     | ${'b'}              | ${false}
  ${'ghcr.io/me/b/c:1@sha256:abc'} | ${'ghcr.io'}        | ${'me/b/c'}         | ${true}
  ${'NAS/b'}                       | ${'NAS'}            | ${'b'}              | ${false}
`('$reference is $repository of $registry, pinned: $isPinned', ({ reference, ...name }) => {
  expect(parseImageName(reference)).toEqual(name)
})

test.each`
  a               | b                                      | same
  ${'alpine'}     | ${'docker.io/library/alpine@sha256:a'} | ${true}
  ${'me/b:1'}     | ${'index.docker.io/me/b:2'}            | ${true}
  ${'me/b'}       | ${'ghcr.io/me/b'}                      | ${false}
  ${'nas:5000/b'} | ${'nas:5001/b'}                        | ${false}
`('$a and $b are of one repository: $same', ({ a, b, same }) => {
  expect(isSameRepository(a, b)).toBe(same)
})

test.each`
  reference                | only
  ${'localhost/b'}         | ${true}
  ${'localhost:5000/b'}    | ${true}
  ${'127.0.0.1:5000/b'}    | ${true}
  ${'[::1]:5000/b'}        | ${true}
  ${'localhost.evil.io/b'} | ${false}
  ${'localhosts/b'}        | ${false}
  ${'localhost'}           | ${false}
  ${'b'}                   | ${false}
`('nobody but the host serves $reference: $only', ({ reference, only }) => {
  expect(isOfHostOnly(reference)).toBe(only)
})
