import { expect } from 'chai'
import { ethLengths, ethVersions } from '../../protocols/eth/versions.ts'
import { snapLengths, snapVersions } from '../../protocols/snap/versions.ts'
import { answerOf, isAnswerName, isRequestName, protocolOf, requestOf, tableOf } from '../../protocols/sub-protocols.ts'

describe('eth and snap as one', () => {
  const namesOf = (protocol: string, versions: readonly number[]) =>
    new Set(
      versions.flatMap((version) => {
        const table = tableOf(protocol, version)!
        return Array.from({ length: table.length }, (_, code) => table.nameOf(code)).filter(
          (name) => name !== undefined,
        )
      }),
    )
  const eth = namesOf('eth', ethVersions)
  const snap = namesOf('snap', snapVersions)

  it('have no name in common', () => {
    expect([...eth].filter((name) => snap.has(name))).to.deep.equal([])
    expect([eth.size, snap.size]).to.deep.equal([18, 10])
    expect([...eth].map(protocolOf)).to.not.include('snap')
    expect([...snap].map(protocolOf)).to.not.include('eth')
  })
  it('have a request for each answer', () => {
    for (const [request, answer] of Object.entries(answerOf)) {
      expect(requestOf.get(answer)).to.equal(request)
      expect([request, answer].map(isRequestName)).to.deep.equal([true, false])
      expect([request, answer].map(isAnswerName)).to.deep.equal([false, true])
    }
  })
  it('are known by version', () => {
    for (const version of ethVersions) expect(tableOf('eth', version)).to.include({ length: ethLengths[version] })
    for (const version of snapVersions) expect(tableOf('snap', version)).to.include({ length: snapLengths[version] })
    for (const [protocol, version] of [
      ['eth', 67],
      ['snap', 3],
      ['snap', undefined],
      ['les', 4],
    ] as const)
      expect(tableOf(protocol, version)).to.equal(undefined)
  })
})
