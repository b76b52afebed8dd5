import { expect } from 'chai'
import { clientOf, groupsOf, reasonOf } from '../../../../actors/inspector/page/departure-groups.ts'
import type { Departed } from '../../../../actors/inspector/wire.ts'

const left = (by: Departed['by'], client?: string, reason?: string): Departed => ({
  ...{ actor: 'peer/1', seq: 1, at: 0, summary: '', by },
  ...(client !== undefined && { client }),
  ...(reason !== undefined && { reason }),
})

describe('departures in groups', () => {
  const departures = [
    left('remote', 'ethrex/v1.0', 'too many peers'),
    left('local', 'Geth/v1.17.10/linux', 'useless peer'),
    left('remote', 'ethrex/v2.0', 'too many peers'),
    left('network'),
    left('remote', 'Geth/v1.17.5/linux'),
    left('local', 'Geth/v1.17.5/linux', 'too many peers'),
    left('remote', 'ethrex/v2.0', 'useless peer'),
  ]

  it('are counted by reason and who gave it, the most frequent first', () => {
    expect(groupsOf(departures, reasonOf)).to.deep.equal([
      { key: 'too many peers, they ended it', count: 2 },
      { key: 'useless peer, we ended it', count: 1 },
      { key: 'the connection failed', count: 1 },
      { key: 'they ended it', count: 1 },
      { key: 'too many peers, we ended it', count: 1 },
      { key: 'useless peer, they ended it', count: 1 },
    ])
  })
  it('are counted by client, as it spells itself, whatever its version', () => {
    expect(groupsOf(departures, clientOf)).to.deep.equal([
      { key: 'ethrex', count: 3 },
      { key: 'Geth', count: 3 },
      { key: 'said no Hello', count: 1 },
    ])
  })
})
