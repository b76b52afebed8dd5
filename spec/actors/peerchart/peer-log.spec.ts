import { expect } from 'chai'
import { createLogger, type Verbosity } from '../../../actors/log/log.ts'
import { logPeers } from '../../../actors/peerchart/peer-log.ts'
import { Written } from '../cli/scripted-io.ts'
import { StandInNode } from '../cli/stand-in-node.ts'

describe("the log of a node's peers", () => {
  const ann = `3f9a01b2${'0'.repeat(56)}`
  const logOf = (happen: (node: StandInNode) => void, verbosity: Verbosity) => {
    const stream = new Written()
    const node = new StandInNode()
    const end = logPeers(createLogger({ stream, json: true, verbosity }), node.asNode)
    happen(node)
    end()
    node.meet('peer/9', ann)
    return stream.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .map(({ time: _, ...entry }) => entry)
  }

  it('has a child for each, from its coming to its going', () => {
    const lines = logOf((node) => {
      node.meet('peer/7', ann)
      node.lose(ann, 'too many peers')
    }, 3)
    const child = { level: 'info', name: 'peer 3f9a01b2', addr: 'r:2' }
    expect(lines).to.deep.equal([
      { ...child, message: 'Adding p2p peer', peercount: 1, client: 'Geth/v1.17.5', caps: 'eth/69 eth/72' },
      { ...child, message: 'Removing p2p peer', peercount: 0, err: 'too many peers' },
    ])
  })
  it('has its transitions and messages too, under its name once it has one', () => {
    const lines = logOf((node) => {
      node.meet('peer/7', ann)
      node.transition('peer/7/eth', 'eth-peer', 'status.accepted', 'awaitingStatus', 'registering')
      node.transition('peer/7', 'peer', 'ping.received', 'running', 'running')
      node.publish({ type: 'message.sent', actor: 'peer/7', protocol: 'p2p', code: 3, size: 1 })
    }, 5)
    expect(lines.map(({ level, name, message, event }) => [level, name, message, event])).to.deep.equal([
      ['debug', undefined, 'State changed', 'rlpx.secured'],
      ['debug', undefined, 'State changed', 'server.admitted'],
      ['debug', undefined, 'State changed', 'protocols.started'],
      ['info', 'peer 3f9a01b2', 'Adding p2p peer', undefined],
      ['debug', 'peer 3f9a01b2', 'State changed', 'status.accepted'],
      ['trace', 'peer 3f9a01b2', 'Event taken', 'ping.received'],
      ['trace', 'peer 3f9a01b2', 'Message sent', undefined],
    ])
  })
  it('observes charts only while it has a reader', () => {
    const stream = new Written()
    const node = new StandInNode()
    const log = createLogger({ stream, json: true })
    const reported = () => [...stream.text.matchAll(/"event":"(\w+)"/g)].map(([, event]) => event)
    const wave = (event: string) => node.transition('peer/7', 'peer', event, 'a', 'b')
    const end = logPeers(log, node.asNode)
    for (const [rules, event] of [
      ['', 'quiet'],
      ['peer=4', 'ruled'],
      ['*=5', 'loud'],
      ['', 'quietAgain'],
    ] as const) {
      log.levels.setVmodule(rules)
      wave(event)
    }
    log.levels.setVerbosity(4)
    wave('verbose')
    end()
    log.levels.setVerbosity(5)
    wave('ended')
    expect(reported()).to.deep.equal(['loud', 'verbose'])
  })
})
