import { itSurvives } from '../behaviour/it-survives.ts'
import type { Subject } from '../support/subject.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { gethSubject } from './geth-subject.ts'

describe('geth, attacked', () => {
  let subject: Subject
  before(async function () {
    subject = gethSubject(await ethtestGeth(this))
  })

  itSurvives(() => subject)
})
