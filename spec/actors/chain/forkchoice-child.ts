import { Chain } from '../../../actors/chain/chain.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { allAtOnce, genesisOf } from './make-chain.ts'

// The process that the forkchoice spec kills: `forkchoice-child.ts DIRECTORY HEAD…` goes from head to head, and says which.

const [, , directory, ...heads] = process.argv
const chain = await Chain.open({ genesis: genesisOf(allAtOnce), directory: directory! })
for (let reported = 0; ; reported++) {
  const head = hexToBytes(heads[reported % heads.length]!)
  await chain.setForkchoice({ head, finalized: chain.headerByNumber(5n)!.hash })
  process.stdout.write(`${reported}\n`)
}
