import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { genesisCases } from '../actors/chain/genesis-cases.ts'
import { findGeth, requireClient } from '../support/clients.ts'

describe("geth's init", () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-genesis-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  for (const { what, text, hash } of genesisCases)
    it(`makes the block that we make of a genesis with ${what}`, async function () {
      const geth = requireClient(this, findGeth(), 'geth')
      const file = join(directory, 'genesis.json')
      await writeFile(file, text)
      const args = ['--datadir', directory, '--log.format', 'json', 'init', file]
      const { stderr } = await promisify(execFile)(geth, args)
      expect(/"msg":"Successfully wrote genesis state".*"hash":"(0x\w+)"/.exec(stderr)?.[1]).to.equal(hash)
    })
})
