import { expect } from 'chai'
import {
  isSnapName,
  isSnapRequest,
  type SnapMessageName,
  snapAnswerOf,
  snapLengths,
  snapTable,
  snapVersions,
} from '../../../protocols/snap/versions.ts'

describe("snap's messages", () => {
  const codesOf = (version: (typeof snapVersions)[number]) =>
    Array.from({ length: 256 }, (_, code) => code).filter((code) => snapTable(version).nameOf(code) !== undefined)

  for (const [version, codes] of [
    [1, [0, 1, 2, 3, 4, 5, 6, 7]],
    [2, [0, 1, 2, 3, 4, 5, 8, 9]],
  ] as const)
    it(`have their codes in snap/${version}`, () => {
      expect(codesOf(version)).to.deep.equal(codes)
      expect(snapTable(version)).to.include({ version, length: snapLengths[version] })
      expect(Math.max(...codes)).to.equal(snapLengths[version] - 1)
    })
  it('are found by name where they are found by code', () => {
    for (const version of snapVersions)
      for (const code of codesOf(version)) {
        const table = snapTable(version)
        expect(table.codeOf(table.nameOf(code)!)).to.equal(code)
      }
  })
  it('are unknown by name where they do not exist', () => {
    expect(snapTable(1).codeOf('GetAccessLists')).to.equal(undefined)
    expect(snapTable(2).codeOf('TrieNodes')).to.equal(undefined)
  })
  it('are requests, and answers by the next code', () => {
    for (const [request, answer] of Object.entries(snapAnswerOf) as [SnapMessageName, SnapMessageName][]) {
      const table = snapTable(answer === 'TrieNodes' ? 1 : 2)
      expect(table.codeOf(answer)).to.equal(table.codeOf(request)! + 1)
      expect([isSnapRequest(request), isSnapRequest(answer)]).to.deep.equal([true, false])
    }
    expect(['AccountRange', 'Status', 'toString'].map(isSnapName)).to.deep.equal([true, false, false])
  })
})
