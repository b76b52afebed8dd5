import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseKeyLog } from '../../../protocols/rlpx/key-log.ts'
import { projectRoot } from '../../support/project.ts'
import { decodeCapture } from './decode-whole.ts'

/** See its README.md. */
const captures = join(projectRoot, 'spec/vectors/captures')

describe('a capture that tcpdump made', () => {
  for (const [file, how] of [
    ['ethernet.pcap', 'of loopback, which is Ethernet'],
    ['sll.pcap', 'of any interface, cooked'],
    ['sll2.pcap', 'of any interface, cooked v2'],
  ] as const)
    it(`${how}, is the two sessions of it, over IPv4 and over IPv6`, async () => {
      const keys = parseKeyLog(await readFile(join(captures, 'keys'), 'utf8'))
      const entries = [...decodeCapture(await readFile(join(captures, file)), keys)]
      const reported = entries.map((entry) => {
        const what = entry.type === 'message' ? `${entry.protocol} ${entry.code}` : entry.type
        return `${entry.connection} ${entry.from.endsWith(':40303') ? 'geth' : 'us'} ${what}`
      })
      const session = [
        ...['us auth', 'geth ack', 'geth p2p 0', 'us p2p 0', 'geth eth 0', 'us eth 0', 'us eth 3', 'geth eth 4'],
        ...['us end', 'geth end'],
      ]
      expect(reported).to.deep.equal([1, 2].flatMap((connection) => session.map((line) => `${connection} ${line}`)))
      const places = new Set(entries.map(({ from, to }) => [from, to].find((place) => place.endsWith(':40303'))))
      expect([...places]).to.deep.equal(['127.0.0.1:40303', '[::1]:40303'])
    })
})
