import { expect } from 'chai'

/** @returns what `promise` fails with; it is a failure of the spec if it does not */
export const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: Error) => error,
  )
