import { setTimeout as sleep } from 'node:timers/promises'
import { startOwnNode } from '../support/own-node.ts'

/** Blocks a second that a fresh node gets, verifies and stores from one peer over loopback TCP, each in its own process. */
export async function benchSync(blocks: number, report: (line: string) => void) {
  const source = await startOwnNode({ blocks })
  const sink = await startOwnNode({ blocks: 0 })
  const start = performance.now()
  await sink.addPeer(source.enode)
  let { number } = await sink.call('head')
  for (let reported = start; number < blocks; { number } = await sink.call('head')) {
    await sleep(10)
    if (performance.now() - reported < 1_000) continue
    reported = performance.now()
    report(`${number} of ${blocks} blocks`)
  }
  const seconds = (performance.now() - start) / 1_000
  await sink.stop()
  await source.stop()
  const result = { blocks, seconds: Math.round(seconds * 100) / 100, blocksPerSecond: Math.round(blocks / seconds) }
  report(`${blocks} blocks in ${result.seconds} s, ${result.blocksPerSecond} a second`)
  return result
}
