/**
 * Makes a stream one that never throws, and whose faults are no exceptions: files fail where they are written to,
 * pipes as an event. What is written from then on is dropped.
 * @param lost gets the first fault
 */
export function endure(stream: NodeJS.WritableStream, lost: (error: NodeJS.ErrnoException) => void): void {
  let isLost = false
  const fail = (error: unknown) => {
    if (isLost) return
    isLost = true
    lost(error as NodeJS.ErrnoException)
  }
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean
  stream.on('error', fail)
  stream.write = (...args: readonly unknown[]) => {
    if (isLost) return true // nothing waits for a drain
    try {
      // biome-ignore lint/plugin: its own parameters
      return write(...args)
    } catch (error) {
      fail(error)
      return true
    }
  }
}
