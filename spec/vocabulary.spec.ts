import { expect } from 'chai'
import { unwantedIn } from './vocabulary.ts'

describe('terms outside the vocabulary', () => {
  // In two parts, so that this file has none.
  const [one, other, third] = [`to${'ld'}`, `Wor${'ds'}`, `who${'ever'}`]

  it('are found in comments, names and texts, alone or as a part', () => {
    const lines = [`// the peer is ${one}`, `const is${other} = 1`, `'${third} asks'`, 'const report = 2']
    expect(unwantedIn('a.ts', lines.join('\n'))).to.deep.equal([
      `a.ts:1: // the peer is ${one}`,
      `a.ts:2: const is${other} = 1`,
      `a.ts:3: '${third} asks'`,
    ])
  })
  it('are not found in longer ones', () => expect(unwantedIn('a.ts', `keywor${'ds'} un${one}`)).to.deep.equal([]))
})
