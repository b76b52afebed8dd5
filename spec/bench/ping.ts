import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import type { FastPeer } from './fast-peer.ts'

/** Every peer pings every 100 ms until `end`. @returns milliseconds to each Pong */
export async function ping(peers: readonly FastPeer[], end: Promise<unknown>): Promise<number[]> {
  const latencies: number[] = []
  const timers = peers.map((peer, i) => {
    let sent = 0
    peer.heard = (code) => {
      if (code === baseCodes.Pong) latencies.push(performance.now() - sent)
    }
    const send = () => {
      sent = performance.now()
      peer.send(baseCodes.Ping, emptyPayload)
      peer.flush()
    }
    // They are not in step.
    let timer: NodeJS.Timeout | undefined
    const first = setTimeout(() => {
      timer = setInterval(send, 100)
    }, i * 2)
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  })
  try {
    await end
  } finally {
    for (const stop of timers) stop()
  }
  return latencies
}
