import { expect, test } from 'vitest'
import { goesOnAfterFailure, readScriptHead, whyNotStartable } from '../../../src/container/scriptHead.ts'

const bytes = (text: string) => Buffer.from(text)
const UTF16 = Buffer.from('\ufeff#!/bin/sh\n', 'utf16le')

test.each`
  text                                 | head
  ${'#!/bin/sh\necho'}                 | ${{ kind: 'interpreter', program: '/bin/sh' }}
  ${'#! /bin/bash -e\n'}               | ${{ kind: 'interpreter', program: '/bin/bash' }}
  ${'#!/bin/sh'}                       | ${{ kind: 'interpreter', program: '/bin/sh' }}
  ${'#!/usr/bin/env bash\n'}           | ${{ kind: 'interpreter', program: 'bash' }}
  ${'#!/usr/bin/env -S bash -e\n'}     | ${{ kind: 'interpreter', program: 'bash' }}
  ${'#!/usr/bin/env -S A=1 python3\n'} | ${{ kind: 'interpreter', program: 'python3' }}
  ${'\u007fELF\u0002'}                 | ${{ kind: 'program' }}
  ${'echo hi\n'}                       | ${{ kind: 'bare' }}
  ${'\n#!/bin/sh\n'}                   | ${{ kind: 'bare' }}
`('line 1 of $text', ({ text, head }) => {
  expect(readScriptHead(bytes(text))).toEqual(head)
})

test.each`
  what                                 | file                                 | says
  ${'Windows line ends'}               | ${bytes('#!/bin/sh\r\nset -e\r\n')}  | ${/^ends its first line with a Windows line end \(CRLF\): save it with Unix line ends/}
  ${'Windows line ends, one line'}     | ${bytes('#!/bin/sh\r')}              | ${/Windows line end/}
  ${'Windows line ends and no #!'}     | ${bytes('echo\r\n')}                 | ${/Windows line end/}
  ${'a byte order mark'}               | ${bytes('\ufeff#!/bin/sh\n')}        | ${/byte order mark \(BOM\)/}
  ${'a byte order mark and CRLF'}      | ${bytes('\ufeff#!/bin/sh\r\n')}      | ${/byte order mark/}
  ${'UTF-16'}                          | ${UTF16}                             | ${/UTF-16/}
  ${'UTF-16, the other way round'}     | ${Buffer.from(UTF16).swap16()}       | ${/UTF-16/}
  ${'nothing'}                         | ${bytes('')}                         | ${/is empty/}
  ${'no interpreter'}                  | ${bytes('#!\necho\n')}               | ${/names no interpreter/}
  ${'an interpreter without a folder'} | ${bytes('#!bash\n')}                 | ${/without a folder.*#!\/bin\/sh/}
  ${'an env with options for a shell'} | ${bytes('#!/usr/bin/env bash -e\n')} | ${/write #!\/usr\/bin\/env -S bash -e$/}
`('a script with $what cannot be started', ({ file, says }) => {
  for (const entrypoint of [null, [], ['/entrypoint.sh'], ['tini', '--']])
    expect(whyNotStartable(file, entrypoint)).toMatch(says)
})

test.each`
  what                                         | text                          | entrypoint          | isWrong
  ${'a script for sh'}                         | ${'#!/bin/sh\n'}              | ${[]}               | ${false}
  ${'no #!'}                                   | ${'echo\n'}                   | ${[]}               | ${true}
  ${'no #!, with the image’s ENTRYPOINT'}      | ${'echo\n'}                   | ${null}             | ${false}
  ${'no #!, run by a shell'}                   | ${'echo\n'}                   | ${['/bin/sh']}      | ${false}
  ${'CRLF, run by python'}                     | ${'print()\r\n'}              | ${['python3.12']}   | ${false}
  ${'CRLF, run by tini and node'}              | ${'f()\r\n'}                  | ${['tini', 'node']} | ${false}
  ${'CRLF, run by a shell'}                    | ${'#!/bin/sh\r\n'}            | ${['/bin/sh']}      | ${true}
  ${'an env that cannot work, run by a shell'} | ${'#!/usr/bin/env bash -e\n'} | ${['/bin/bash']}    | ${false}
  ${'a program'}                               | ${'\u007fELF\u0002'}          | ${[]}               | ${false}
`('$what: $isWrong', ({ text, entrypoint, isWrong }) => {
  expect(whyNotStartable(bytes(text), entrypoint) !== null).toBe(isWrong)
})

test.each`
  text                                                  | goesOn
  ${'#!/bin/sh\ntar -c . >/out\necho done\n'}           | ${true}
  ${'#!/usr/bin/env bash\ntar -c . >/out\necho done\n'} | ${true}
  ${'#!/bin/sh\nset -u\ntar\necho\n'}                   | ${true}
  ${'#!/bin/sh\n# set -e\ntar\necho\n'}                 | ${true}
  ${'#!/bin/sh\nset -e\ntar\necho\n'}                   | ${false}
  ${'#!/bin/bash\nset -euo pipefail\ntar\necho\n'}      | ${false}
  ${'#!/bin/bash\nset -o pipefail -e\ntar\necho\n'}     | ${false}
  ${'#!/bin/bash\nset -o errexit\ntar\necho\n'}         | ${false}
  ${'#!/bin/sh\n  set -e; tar\necho\n'}                 | ${false}
  ${'#!/bin/bash\ntrap "exit 1" ERR\ntar\necho\n'}      | ${false}
  ${'#!/bin/sh -e\ntar\necho\n'}                        | ${false}
  ${'#!/bin/sh -eu\ntar\necho\n'}                       | ${false}
  ${'#!/usr/bin/env -S bash -e\ntar\necho\n'}           | ${false}
  ${'#!/bin/sh\n# one\n\nexec tar -c .\n'}              | ${false}
  ${'#!/bin/sh\ntar -c . \\\n  >/out\n'}                | ${false}
  ${'#!/bin/sh\ntar -c . &&\n  echo\n'}                 | ${false}
  ${'#!/usr/bin/env python3\na()\nb()\n'}               | ${false}
  ${'#!/bin/sh\nfalse; echo done\n'}                    | ${true}
  ${'#!/bin/sh\nset -e\nset +e\ntar\necho\n'}           | ${true}
  ${'#!/bin/sh\nset -e\nset +o errexit\ntar\necho\n'}   | ${true}
  ${'#!/bin/sh\nset -e\nset +e\ntar\nset -e\necho\n'}   | ${false}
  ${'#!/bin/sh\necho "use set -e"\ntar\n'}              | ${true}
  ${'#!/bin/sh\necho use set -e\ntar\n'}                | ${true}
  ${"#!/bin/sh\necho 'a\nset -e\nb'\ntar\n"}            | ${true}
  ${'#!/bin/sh\ntar # set -e\necho\n'}                  | ${true}
  ${'#!/bin/sh -e\nset +e\ntar\necho\n'}                | ${true}
  ${'#!/bin/sh\ntar; # one\n'}                          | ${false}
  ${'#!/bin/sh\ntar "a;b"\n'}                           | ${false}
  ${'#!/bin/sh\ncd /backup && set -e\ntar\necho\n'}     | ${false}
  ${'#!/bin/sh\nif true; then set -eu; fi\ntar\n'}      | ${false}
  ${'#!/bin/bash\nset -Eeuo pipefail\ntar\necho\n'}     | ${false}
  ${'tar\necho\n'}                                      | ${false}
`('a script goes on after a failure: $goesOn: $text', ({ text, goesOn }) => {
  expect(goesOnAfterFailure(bytes(text))).toBe(goesOn)
})
