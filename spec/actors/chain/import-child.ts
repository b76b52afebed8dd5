import { Chain } from '../../../actors/chain/chain.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

// The process that the crash spec kills: `import-child.ts DIRECTORY COUNT` inserts a few blocks at a time, and says so.

const [, , directory, count] = process.argv
const genesis = genesisOf(allAtOnce)
const blocks = makeBlocks(genesis, genesis.header, Number(count))
const chain = await Chain.open({ genesis, directory: directory! })
for (let at = Number(chain.head.number); at < blocks.length; at = Number(chain.head.number)) {
  await chain.insertBlocks(blocks.slice(at, at + 7))
  process.stdout.write(`${chain.head.number}\n`)
}
await chain.close()
