/** Work for the end of the test that runs. */
import { onTestFinished, TestRunner } from 'vitest'

/**
 * Does the work when the present test has ended. Throws in a `test.concurrent`: several run there at once, vitest knows only which of them
 * began last, and the work would be done at the end of that one.
 */
export function atTestEnd(work: () => void | Promise<void>): void {
  if (TestRunner.getCurrentTest()?.concurrent)
    throw new Error(
      'in a test.concurrent nobody knows whose end this is: use test, or give the work to onTestFinished of the test’s own context',
    )
  onTestFinished(work)
}
