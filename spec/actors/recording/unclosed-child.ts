import { watch } from 'node:fs/promises'
import { Recorder } from '../../../actors/recording/recorder.ts'
import { Feed } from '../../../actors/trace/feed.ts'

// A process that records and ends without a word to its recorder: by itself, or with `exit` as soon as something is written.

const [file, way] = process.argv.slice(2)
const recorder = await Recorder.open(file!, { client: 'unclosed' })
const feed = new Feed()
recorder.follow(feed)
const payload = new Uint8Array(100).fill(7)
for (let i = 0; i < 20_000; i++)
  feed.publish({ type: 'message.sent', actor: 'peer/1', protocol: 'eth', version: 69, code: 4, size: 100 }, { payload })
if (way === 'exit') for await (const _ of watch(file!)) process.exit()
