// What takes seconds of work though it needs no process and no socket: `npm run test:quick` leaves it out.

const isQuick = process.env.PEERCHART_QUICK !== undefined

/** @param _reason why it takes long, for who reads the spec */
export const itTakesLong =
  (_reason: string) =>
  (title: string, run: (this: Mocha.Context) => Promise<void>): Mocha.Test =>
    (isQuick ? it.skip : it)(title, run)

/** @returns all of them, or the first where there is little time */
export const someOf = <Thing>(things: readonly Thing[]): readonly Thing[] => (isQuick ? things.slice(0, 1) : things)
