import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { Narrator } from '../../../actors/cli/narrator.ts'
import type { Verbosity } from '../../../actors/log/log.ts'
import { Written } from './scripted-io.ts'
import { StandInNode } from './stand-in-node.ts'

describe('the story of a node', () => {
  const ann = `3f9a01b2${'0'.repeat(56)}`
  const report = (
    happen: (node: StandInNode) => void,
    { verbosity = 3 as Verbosity, json = false, isTTY = false, columns = undefined as number | undefined } = {},
  ) => {
    const stream = Object.assign(new Written(isTTY), columns && { columns })
    const node = new StandInNode()
    const narrator = new Narrator({ stream, verbosity, json })
    narrator.open([])
    const end = narrator.follow(1, node.asNode)
    happen(node)
    end()
    node.meet('peer/9', ann)
    return stream.text.split('\n').slice(0, -1)
  }
  const labelsOf = (line: string) => line.trim().split(/ {2,}/).slice(1)

  it('follows a peer from its keys to its end, by name once it has one', () => {
    const lines = report((node) => {
      node.meet('peer/7', ann)
      node.transition('peer/7/eth', 'eth-peer', 'status.accepted', 'awaitingStatus', 'registering')
      node.transition('peer/7', 'peer', 'disconnect.received', 'running.(a.b c.d)', 'closing')
      node.transition('peer/7', 'peer', 'stream.closed', 'closing', 'closed')
      node.lose(ann, 'too many peers')
      node.transition('peer/7', 'peer', 'late', 'closed', 'gone')
    })
    expect(lines.map(labelsOf)).to.deep.equal([
      ['node-2', 'peer/7', 'securing → greeting', 'keys agreed, frames are encrypted from here on; Hello goes out'],
      ['node-2', 'peer/7', 'greeting → admitted', 'Hello read, and the server has a place for it'],
      ['node-2', 'peer/7', 'admitted → running', 'the protocols that both speak begin'],
      ['node-2', 'peer/7', 'is peer 3f9a01b2', 'Geth/v1.17.5 speaks eth/69 eth/72; we dialed it'],
      ['node-2', 'peer 3f9a01b2', 'awaitingStatus → registering', 'Status agrees: the same network, genesis and forks'],
      ['node-2', 'peer 3f9a01b2', 'running → closing', 'it sent Disconnect'],
      ['node-2', 'peer 3f9a01b2', 'closing → closed', 'the connection is closed'],
      ['node-2', 'peer 3f9a01b2', 'dropped', 'too many peers'],
      ['node-2', 'peer/7', 'closed → gone', 'on late'],
    ])
  })
  it('fits the terminal, and cuts nothing where there is none', () => {
    const meet = (node: StandInNode) => node.meet('peer/7', ann)
    const whole = report(meet, { isTTY: true }).map(stripVTControlCharacters)
    const fitted = report(meet, { isTTY: true, columns: 80 }).map(stripVTControlCharacters)
    expect(whole[0]).to.have.length.above(80)
    expect(fitted[0])
      .to.have.length(80)
      .and.match(/securing → greeting +keys agreed, fram…$/)
    expect(fitted.map((line) => line.length).filter((length) => length > 80)).to.deep.equal([])
    expect(report(meet, { columns: 80 })[0]).to.contain('Hello goes out')
  })
  it('gives programs the address of each node before all else', () => {
    const stream = new Written()
    const node = new StandInNode()
    const narrator = new Narrator({ stream, verbosity: 3, json: true })
    narrator.follow(0, node.asNode)
    node.meet('peer/7', ann)
    narrator.open(['for people'], [node])
    const [first, ...others] = stream.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(first).to.include({ node: 'node-1', type: 'node', enode: node.enode, name: node.name })
    expect(others.map(({ type }) => type))
      .to.include('add')
      .and.not.include('node')
  })
  it('knows two peers apart that come at once', () => {
    const bob = `b0b${'0'.repeat(61)}`
    const lines = report((node) => {
      for (const actor of ['peer/1', 'peer/2'])
        node.transition(actor, 'peer', 'server.admitted', 'greeting.checkpoint', 'admitted')
      for (const [conn, peer] of [
        [2, bob],
        [1, ann],
      ] as const)
        node.events$.next({ type: 'add', conn, peer, local: 'l', remote: 'r' })
      node.transition('peer/2', 'peer', 'peer.disconnect', 'running', 'closing')
    })
    expect(labelsOf(lines.at(-1)!)).to.deep.equal([
      'node-2',
      'peer b0b00000',
      'running → closing',
      'we send Disconnect',
    ])
  })
  it('reports every new head', () => {
    const lines = report((node) => node.events$.next({ type: 'head', number: 7n, hash: new Uint8Array(32) }))
    expect(lines.map(labelsOf)).to.deep.equal([['node-2', 'chain', 'head 7', 'made here']])
  })
  it('prints the introduction first, then what has happened so far', () => {
    const stream = new Written()
    const node = new StandInNode()
    const narrator = new Narrator({ stream, verbosity: 3, json: false })
    narrator.follow(0, node.asNode)
    node.transition('server', 'server', 'listener.opened', 'starting', 'running')
    expect(stream.text).to.equal('')
    narrator.open(['A network.'])
    expect(stream.text).to.match(/^A network\.\n +\d\.\ds {2}node-1 +server +starting → running +takes peers/)
  })
  it('leaves out what stays in one state, and the dialer, unless asked', () => {
    const happen = (node: StandInNode) => {
      node.transition('peer/7', 'peer', 'ping.received', 'running.a', 'running.a')
      node.transition('server/dialer', 'dialer', 'dial.ended', 'idle', 'dialing')
    }
    expect(report(happen)).to.deep.equal([])
    expect(report(happen, { verbosity: 4 }).map(labelsOf)).to.deep.equal([
      ['node-2', 'peer/7', 'ping.received', 'peer: wave'],
      ['node-2', 'server/dialer', 'dial.ended', 'dialer: wave'],
    ])
  })
  it('reports messages at verbosity 5 only', () => {
    const happen = (node: StandInNode) =>
      node.publish({ type: 'message.sent', actor: 'peer/7', protocol: 'eth', code: 0x11, size: 40 })
    expect(report(happen, { verbosity: 4 })).to.deep.equal([])
    expect(report(happen, { verbosity: 5 }).map(labelsOf)).to.deep.equal([
      ['node-2', 'peer/7', 'message.sent', 'eth 0x11, 40 bytes'],
    ])
  })
  it('is silent at verbosity 0', () => {
    expect(report((node) => node.meet('peer/7', ann), { verbosity: 0 })).to.deep.equal([])
  })
  it('is everything in JSON, for programs', () => {
    const lines = report(
      (node) => {
        node.transition('peer/7', 'peer', 'ping.received', 'running', 'running')
        node.events$.next({ type: 'head', number: 7n, hash: new Uint8Array(32) })
        node.lose(ann, 'client quitting')
      },
      { json: true },
    ).map((line) => JSON.parse(line))
    expect(lines.map(({ time: _, ...entry }) => entry)).to.deep.equal([
      {
        ...{ node: 'node-2', type: 'transition', actor: 'peer/7', chart: 'peer', event: 'ping.received' },
        ...{ from: 'running', to: 'running', effects: ['wave'] },
      },
      { node: 'node-2', type: 'head', number: '7', hash: '00'.repeat(32) },
      { node: 'node-2', type: 'drop', conn: 7, peer: ann, local: 'l:1', remote: 'r:2', error: 'client quitting' },
    ])
  })
  it('has colours on a terminal only, and lets a remote write letters only', () => {
    const happen = (node: StandInNode) => node.meet('peer/7', ann, 'Geth\u001b[2J\u009bx')
    expect(report(happen).join('')).not.to.match(/\p{C}/u)
    expect(report(happen, { isTTY: true })[0]).to.contain('\u001b[1m')
    expect(report(happen, { isTTY: true }).join('')).not.to.contain('[2J\u009b')
  })
})
