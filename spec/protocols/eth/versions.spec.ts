import { expect } from 'chai'
import {
  answerOf,
  ethLengths,
  ethVersions,
  isAnswer,
  isRequest,
  type MessageName,
  messageTable,
} from '../../../protocols/eth/versions.ts'

describe("eth's messages", () => {
  const codesOf = (version: (typeof ethVersions)[number]) =>
    Array.from({ length: 256 }, (_, code) => code).filter((code) => messageTable(version).nameOf(code) !== undefined)

  for (const [version, codes] of [
    [68, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16]],
    [69, [0, 2, 3, 4, 5, 6, 8, 9, 10, 15, 16, 17]],
    [70, [0, 2, 3, 4, 5, 6, 8, 9, 10, 15, 16, 17]],
    [71, [0, 2, 3, 4, 5, 6, 8, 9, 10, 15, 16, 17, 18, 19]],
    [72, [0, 2, 3, 4, 5, 6, 8, 9, 10, 15, 16, 17, 18, 19, 20, 21]],
  ] as const)
    it(`have their codes in eth/${version}`, () => {
      expect(codesOf(version)).to.deep.equal(codes)
      expect(messageTable(version).length).to.equal(ethLengths[version])
      expect(Math.max(...codes)).to.equal(ethLengths[version] - 1)
    })

  it('are found by name where they are found by code', () => {
    for (const version of ethVersions)
      for (const code of codesOf(version)) {
        const table = messageTable(version)
        expect(table.codeOf(table.nameOf(code)!)).to.equal(code)
      }
  })
  it('are unknown by name where they do not exist', () => {
    expect(messageTable(69).codeOf('NewBlock')).to.equal(undefined)
    expect(messageTable(68).codeOf('BlockRangeUpdate')).to.equal(undefined)
    expect(messageTable(70).codeOf('GetBlockAccessLists')).to.equal(undefined)
    expect(messageTable(71).codeOf('GetCells')).to.equal(undefined)
  })
  it('answer one another by the next code', () => {
    const table = messageTable(72)
    for (const [request, answer] of Object.entries(answerOf) as [MessageName, MessageName][]) {
      expect(table.codeOf(answer)).to.equal(table.codeOf(request)! + 1)
      expect([isRequest(request), isAnswer(request), isRequest(answer), isAnswer(answer)]).to.deep.equal([
        true,
        false,
        false,
        true,
      ])
    }
    expect([isRequest('Status'), isAnswer('Status')]).to.deep.equal([false, false])
  })
})
