import { expect } from 'chai'
import fc from 'fast-check'
import { ExpressionError, follow, parseExpression } from '../../../../actors/cli/console/expression.ts'

describe('what is typed into the console', () => {
  const call = (method: string, params: unknown[] = [], path: (string | number)[] = []) => ({ method, params, path })

  for (const [text, expression] of [
    ['admin.peers', call('admin_peers')],
    [' admin.peers ; ', call('admin_peers')],
    ['admin.peers()', call('admin_peers')],
    ['admin.peers[0].id', call('admin_peers', [], [0, 'id'])],
    ['admin.peers()[0].network', call('admin_peers', [], [0, 'network'])],
    ['admin.peers.length', call('admin_peers', [], ['length'])],
    ['admin.nodeInfo.protocols.eth', call('admin_nodeInfo', [], ['protocols', 'eth'])],
    ['admin.nodeInfo["protocols"].eth', call('admin_nodeInfo', [], ['protocols', 'eth'])],
    [`x.y('a"b', "it's")`, call('x_y', ['a"b', "it's"])],
    ['admin.addPeer("enode://ab@1.2.3.4:5")', call('admin_addPeer', ['enode://ab@1.2.3.4:5'])],
    ['eth.getBlockByNumber("latest", true).hash', call('eth_getBlockByNumber', ['latest', true], ['hash'])],
    ['eth.getBlockByNumber ("latest", true)', call('eth_getBlockByNumber', ['latest', true])],
    ['x.y(")]}", {"a": [1, "\\")"]}).z', call('x_y', [')]}', { a: [1, '")'] }], ['z'])],
    ['eth_blockNumber', call('eth_blockNumber')],
    ['eth_blockNumber []', call('eth_blockNumber')],
    ['eth_getBlockByNumber [600, true]', call('eth_getBlockByNumber', [600, true])],
    ['eth.getBlockByNumber(600)', call('eth_getBlockByNumber', ['0x258', false])],
    ['eth.getBlock(600).hash', call('eth_getBlockByNumber', ['0x258', false], ['hash'])],
    ["eth.getBlock('latest', true)", call('eth_getBlockByNumber', ['latest', true])],
    [`eth.getBlock("0x${'ab'.repeat(32)}")`, call('eth_getBlockByHash', [`0x${'ab'.repeat(32)}`, false])],
    ['eth.getBlock()', call('eth_getBlockByNumber')],
    ['eth.getUncle(1, 0)', call('eth_getUncleByBlockNumberAndIndex', ['0x1', '0x0'])],
    [`eth.getTransaction("0x12")`, call('eth_getTransactionByHash', ['0x12'])],
    [`eth.getBalance("0x12")`, call('eth_getBalance', ['0x12', 'latest'])],
    [`eth.getBalance("0x12", 9)`, call('eth_getBalance', ['0x12', '0x9'])],
    ['debug.getRawHeader(9)', call('debug_getRawHeader', ['0x9'])],
    ['debug.verbosity(4)', call('debug_verbosity', [4])],
    ['eth_getBlockByNumber ["latest", true]', call('eth_getBlockByNumber', ['latest', true])],
    ['eth_getBlockByNumber["latest", true].hash', call('eth_getBlockByNumber', ['latest', true], ['hash'])],
    ['eth_getBlockByNumber("latest", true)', call('eth_getBlockByNumber', ['latest', true])],
    ['admin', call('admin')],
  ] as const)
    it(`is a call: \`${text}\``, () => expect(parseExpression(text)).to.deep.equal(expression))

  for (const [text, complaint] of [
    ['', /want a call/],
    ['1 + 1', /want a call/],
    ['(admin.peers)', /want a call/],
    ['admin.peers +', /cannot make sense of "\+"/],
    ['admin.peers; admin.datadir', /cannot make sense of/],
    ['admin.addPeer(', /do not end/],
    ['admin.addPeer("x)', /do not end/],
    ["admin.addPeer('x)", /do not end/],
    ['admin.addPeer(x)', /arguments are JSON/],
    ['admin.peers.map(x => x.id)', /cannot make sense of "\(x => x\.id\)"/],
    ['process.exit(1)[', /cannot make sense/],
  ] as const)
    it(`is refused: \`${text}\``, () => expect(() => parseExpression(text)).to.throw(ExpressionError, complaint))

  it('is never worse than refused', () => {
    const piece = fc.constantFrom('eth', '.', '_', '(', ')', '[', ']', '"', '\\', '0', ',', ' ', '{', '}', ';', 'é')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          parseExpression(pieces.join(''))
        } catch (error) {
          expect(error).to.be.instanceOf(ExpressionError)
        }
      }),
    )
  })

  describe('is answered with a part of the result', () => {
    const peers = [{ id: 'ab', caps: ['eth/69'] }]
    it('that is there', () => {
      expect(follow(peers, [0, 'caps', 0])).to.equal('eth/69')
      expect(follow(peers, ['length'])).to.equal(1)
      expect(follow(null, [])).to.equal(null)
    })
    it('or with an error that lists what is there', () => {
      expect(() => follow(peers, [1])).to.throw(ExpressionError, 'the result has no [1]; it has 0')
      expect(() => follow(peers, [0, 'name'])).to.throw(ExpressionError, 'the result has no name; it has id, caps')
      expect(() => follow(null, ['x'])).to.throw(ExpressionError, 'the result has no x')
      expect(() => follow({}, ['constructor'])).to.throw(ExpressionError)
    })
  })
})
