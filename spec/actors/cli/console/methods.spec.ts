import { expect } from 'chai'
import { nodeApis, type ServedNode } from '../../../../actors/apis/node-apis.ts'
import { complete, rpcMethods } from '../../../../actors/cli/console/methods.ts'

describe('completion', () => {
  const modules = ['admin', 'eth', 'miner', 'net']
  it('offers the namespaces that the node serves', () => {
    expect(complete('', modules)).to.deep.equal([['admin.', 'eth.', 'miner.', 'net.'], ''])
    expect(complete('ad', modules)).to.deep.equal([['admin.'], 'ad'])
    expect(complete('web', modules)).to.deep.equal([[], 'web'])
  })
  it('offers the methods of a namespace, in the form that is being typed', () => {
    expect(complete('admin.pe', modules)).to.deep.equal([['admin.peers'], 'admin.pe'])
    expect(complete('eth_blockN', modules)).to.deep.equal([['eth_blockNumber'], 'eth_blockN'])
    expect(complete('eth.getBlockB', modules)[0]).to.deep.equal(['eth.getBlockByHash', 'eth.getBlockByNumber'])
    expect(complete('eth.getUncleB', modules)[0]).to.have.length(2)
    expect(complete('eth.getUncle', modules)[0]).to.include('eth.getUncle')
    expect(complete('eth_getUncle', modules)[0]).not.to.include('eth_getUncle')
    expect(complete('miner.', modules)).to.deep.equal([[], 'miner.'])
    expect(complete('txpool.', modules)).to.deep.equal([[], 'txpool.'])
  })
  it('looks at the last word only', () => {
    expect(complete('x(admin.pe', modules)).to.deep.equal([['admin.peers'], 'admin.pe'])
  })
  it('knows every method of our own nodes', () => {
    const parts = { chain: {}, eth: {}, feed: {}, states: {}, levels: {}, filterRuntime: { now: () => 0 } }
    const node = { ...parts, name: '', peers: () => [] } as unknown as ServedNode
    const apis = nodeApis(node, () => ({}) as never)
    for (const { namespace, methods } of apis)
      for (const name of Object.keys(methods))
        expect(rpcMethods.get(namespace), `${namespace}.${name}`).to.include(name)
  })
})
