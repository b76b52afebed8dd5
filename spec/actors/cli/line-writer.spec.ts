import { Writable } from 'node:stream'
import { expect } from 'chai'
import { lineWriter } from '../../../actors/cli/line-writer.ts'

describe('what writes lines', () => {
  const streamThat = (write: (done: (error?: Error) => void) => void) =>
    new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => write(done) }).on('error', () => {})

  it('waits for room', async () => {
    let done: (error?: Error) => void = () => {}
    const room = lineWriter(
      streamThat((taken) => {
        done = taken
      }),
    )('a line\n')
    let hasRoom = false
    const waited = room!.then(() => {
      hasRoom = true
    })
    await Promise.resolve()
    expect(hasRoom).to.equal(false)
    done()
    await waited
  })
  it('waits no more when its reader is gone, as in `| head`', async () => {
    const stream = streamThat((taken) => taken(new Error('write EPIPE')))
    await lineWriter(stream)('a line\n')
    expect(stream.errored).to.have.property('message', 'write EPIPE')
  })
})
