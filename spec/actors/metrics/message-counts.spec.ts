import { expect } from 'chai'
import { MessageCounts, messageName } from '../../../actors/metrics/message-counts.ts'
import type { MessageEntry } from '../../../actors/trace/entries.ts'

describe('the counts of messages', () => {
  const entry = (fields: Partial<MessageEntry>): MessageEntry => ({
    ...{ type: 'message.received', actor: 'peer/1', protocol: 'eth', version: 69, code: 3, size: 10 },
    ...fields,
  })

  it('are of each direction, protocol, version and code', () => {
    const counts = new MessageCounts()
    counts.take(entry({}))
    counts.take(entry({ actor: 'peer/2', size: 5 }))
    counts.take(entry({ type: 'message.sent' }))
    counts.take(entry({ version: 70 }))
    counts.take(entry({ protocol: 'door' }))
    counts.take(entry({ code: 4 }))
    const { version: _, ...base } = entry({ protocol: 'p2p', code: 2 })
    counts.take(base)
    expect(counts.all.map(({ packets, bytes }) => [packets, bytes])).to.deep.equal([
      [2, 15],
      ...Array.from({ length: 5 }, () => [1, 10]),
    ])
    expect(counts.all.at(-1)).to.include({ protocol: 'p2p', version: undefined, code: 2 })
  })

  for (const [protocol, version, code, name] of [
    ['p2p', 5, 0, 'Hello'],
    ['p2p', 5, 3, 'Pong'],
    ['p2p', 5, 9, '0x09'],
    ['eth', 69, 3, 'GetBlockHeaders'],
    ['eth', 69, 1, '0x01'],
    ['eth', 99, 3, '0x03'],
    ['door', 1, 17, '0x11'],
  ] as const)
    it(`call ${code} of ${protocol}/${version} '${name}'`, () =>
      expect(messageName({ protocol, version, code })).to.equal(name))
})
