import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { projectRoot } from '../../support/project.ts'
import { referencePath, withTable } from './table.ts'

describe('the reference of the metrics', () => {
  const markdown = readFileSync(referencePath, 'utf8')
  const { files } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))

  it('is of the metrics as they are (if not: npx tsx spec/actors/metrics/table.ts --write)', () =>
    expect(withTable(markdown)).to.equal(markdown))
  it('is in the package, and the dashboard with it', () =>
    expect(files.join())
      .to.match(/actors.{.*metrics.*}.README.md/)
      .and.contain('actors/metrics/dashboard.json'))
})
