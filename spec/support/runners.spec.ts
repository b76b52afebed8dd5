import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { failureOf } from '../failure.ts'
import { programFile, programLoader } from './project.ts'

describe('the harness', function () {
  this.timeout(30_000)

  it('lets node:test end when a test fails that has a node', async () => {
    const file = programFile('spec/support/failing-test-child')
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const args = [...programLoader, '--test', '--test-reporter=tap', file]
    const failed = (await failureOf(promisify(execFile)(process.execPath, args, { env }))) as { stdout?: string }
    expect(failed.stdout)
      .to.match(/error: 'as the spec wants it'/)
      .and.match(/^# fail 1$/m)
  })
  it('needs nothing of the test runner: node:test will do', async () => {
    const file = programFile('spec/support/node-test-child')
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const args = [...programLoader, '--test', '--test-reporter=tap', file]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    expect(stdout)
      .to.match(/^# pass 2$/m)
      .and.match(/^# fail 0$/m)
  })
})
