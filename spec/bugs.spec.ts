import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { failureOf } from './failure.ts'
import { projectRoot } from './support/project.ts'

describe('a run with bugs', function () {
  this.timeout(60_000)

  it('fails each spec in which one came up, and runs the others', async () => {
    const args = ['node_modules/mocha/bin/mocha.js', '--reporter', 'json', 'spec/bugs-child.ts']
    const failed = await failureOf(promisify(execFile)(process.execPath, args, { cwd: projectRoot }))
    const { code, stdout } = failed as { code?: number; stdout?: string }
    const { stats, failures } = JSON.parse(stdout!) as Report
    expect(failures.map(({ title, err }) => `${title}: ${err.message}`)).to.deep.equal([
      'has a bug: a bug came up in spec',
      'has a bug, and fails anyway: by itself',
      'has a bug, and fails anyway: by itself', // the reporter has one error of a spec
      'is clean, but for its hook: a bug came up in hook',
      '"after all" hook: afterAll in "{root}": a bug came up in end',
    ])
    expect(stats.tests).to.equal(5)
    expect(code).to.equal(failures.length)
  })
})

type Report = {
  readonly stats: { readonly tests: number }
  readonly failures: readonly { readonly title: string; readonly err: { readonly message: string } }[]
}
