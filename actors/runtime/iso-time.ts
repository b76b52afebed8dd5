/** @param time of a wall clock, in milliseconds since 1970. @returns ISO 8601 */
export const isoTime = (time: number): string => new Date(time).toISOString()
