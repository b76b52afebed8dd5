import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { Feed } from '../../../actors/feed.ts'
import { Recorder } from '../../../actors/recording/recorder.ts'

describe('the end of a recording', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-recorder-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('comes also when its timer found nothing left to write', async () => {
    const feed = new Feed()
    const path = join(dir, 'timer.ndjson')
    const recorder = await Recorder.open(path, { client: 'spec' })
    recorder.follow(feed)
    const tell = (size: number) =>
      feed.publish(
        { type: 'message.sent', actor: 'peer/1', protocol: 'p2p', code: 2, size },
        { payload: new Uint8Array(size) },
      )
    tell(100_000) // is written at once
    tell(1) // arms the timer, and is written with the first
    await delay(250)
    await recorder.close()
    expect((await readFile(path, 'utf8')).trim().split('\n')).to.have.length(3)
  })
})
