/** @returns ISO 8601, where a calendar has the moment: a node may name any. @param seconds since 1970 */
export const timeLabel = (seconds: bigint): string =>
  seconds <= lastOfDates ? new Date(Number(seconds) * 1000).toISOString() : `${seconds} s after 1970`

/** ECMAScript's TimeClip. */
const lastOfDates = 8_640_000_000_000n
