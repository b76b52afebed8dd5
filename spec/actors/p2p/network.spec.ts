import { expect } from 'chai'
import type { Listener, Network, Stream } from '../../../actors/p2p/connection.ts'
import { tcp } from '../../../actors/p2p/tcp.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { failureOf } from '../../failure.ts'

/** What every network promises its users, real or not. */
function promises(name: string, create: () => Network): void {
  describe(`a network over ${name}`, () => {
    let network: Network
    let listener: Listener
    let accept: (stream: Stream) => void

    beforeEach(async () => {
      network = create()
      listener = await network.listen('127.0.0.1', 0, (stream) => accept(stream))
      streams.length = 0
    })
    afterEach(async () => {
      for (const stream of streams) stream.destroy()
      await listener.close()
    })

    const streams: Stream[] = []
    const connect = async (): Promise<[Stream, Stream]> => {
      const accepted = new Promise<Stream>((resolve) => {
        accept = resolve
      })
      const near = await network.dial('127.0.0.1', listener.port, 1_000)
      const far = await accepted
      streams.push(near, far)
      return [near, far]
    }

    /** On a connection of its own. */
    async function exchange(): Promise<void> {
      const [near, far] = await connect()
      const seen = collect(far)
      far.resume()
      near.write(Uint8Array.of(1))
      await seen.until(1)
    }

    it('gives both ends the same two addresses', async () => {
      const [near, far] = await connect()
      expect(near.remoteAddress).to.equal(`127.0.0.1:${listener.port}`)
      expect(near.remoteAddress).to.equal(far.localAddress)
      expect(near.localAddress).to.equal(far.remoteAddress)
    })

    it('reads nothing before it is resumed', async () => {
      const [near, far] = await connect()
      const seen = collect(far)
      collect(near)
      near.write(Uint8Array.of(1, 2, 3))
      await exchange() // what was written before has come by then, too
      expect(seen.bytes).to.equal(0)
      far.resume()
      await seen.until(3)
    })

    it('delivers what was written before the end, then closes both ends once', async () => {
      const [near, far] = await connect()
      const [ours, theirs] = [collect(near), collect(far)]
      near.write(new Uint8Array(100_000))
      near.end()
      far.resume()
      await Promise.all([theirs.closed, ours.closed])
      expect(theirs.bytes).to.equal(100_000)
    })

    it('signals a writer to wait, and when to go on', async () => {
      const [near, far] = await connect()
      const ours = collect(near)
      const theirs = collect(far)
      let written = 0
      const chunk = new Uint8Array(65_536)
      for (let isFlowing = true; isFlowing || near.buffered < 1 << 20; written += chunk.length)
        isFlowing = near.write(chunk)
      far.resume()
      await ours.drained
      await theirs.until(written)
      expect(near.buffered).to.equal(0)
    })

    it('closes at once when destroyed', async () => {
      const [near, far] = await connect()
      const theirs = collect(far)
      far.resume()
      near.destroy()
      await theirs.closed
    })

    it('fails a dial that nothing answers', async () => {
      await listener.close()
      const failure = await failureOf(network.dial('127.0.0.1', listener.port, 1_000))
      expect(failure).to.be.instanceOf(Error)
    })

    it('refuses a port that is taken', async () => {
      const failure = await failureOf(network.listen('127.0.0.1', listener.port, () => {}))
      expect(failure).to.be.instanceOf(Error)
    })
  })
}

promises('TCP', () => tcp)
promises('memory', () => memoryNetwork(setImmediate))

function collect(stream: Stream) {
  let wake = () => {}
  const seen = {
    bytes: 0,
    closed: undefined as unknown as Promise<void>,
    drained: undefined as unknown as Promise<void>,
    async until(bytes: number) {
      while (seen.bytes < bytes)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
  seen.drained = new Promise((drain) => {
    seen.closed = new Promise((close, fail) => {
      let isClosed = false
      stream.listen({
        data: (chunk) => {
          seen.bytes += chunk.length
          wake()
        },
        drain,
        closed: () => {
          if (isClosed) fail(new Error('closed twice'))
          isClosed = true
          close()
        },
      })
    })
  })
  return seen
}
