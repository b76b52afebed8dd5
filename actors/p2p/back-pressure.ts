// How much of a connection may wait, in bytes. Who sends faster than the scheduler takes is not read: past readHighWater,
// until readLowWater. Who reads slower than we send is not read either, so that it cannot ask for more: past
// writeHighWater, until all is written, and after frameWriteTimeout (machines/peer.ts) it is closed. A sub-protocol hears of it by
// `send` and `writable`; one that sends on is at fault past maxQueuedOutput.

/** Input that waits for the scheduler. */
export const readHighWater = 256 * 1024
export const readLowWater = 64 * 1024
/** Output that is gathered before a write. */
export const flushSize = 64 * 1024
/** Output that waits for the remote. */
export const writeHighWater = 1024 * 1024
/** BOUNDED: two of the largest messages, for a sender that does not wait. */
export const maxQueuedOutput = 2 ** 25
