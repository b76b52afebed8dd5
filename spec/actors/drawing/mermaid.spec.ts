import { expect } from 'chai'
import { chartOf } from '../../../actors/drawing/chart.ts'
import { chartToMermaid } from '../../../actors/drawing/mermaid.ts'
import { gateMachine, lampMachine } from './lamp.ts'

describe('a chart as mermaid draws it', () => {
  const lamp = lampMachine({ 'house.burnt': '.broken' })

  it('has nested and parallel states, guards, delays and what happens on entry', () =>
    expect(chartToMermaid(chartOf(lamp)).split('\n')).to.deep.equal([
      'stateDiagram-v2',
      '  state "off" as lamp_1_off',
      '  state "on" as lamp_1_on {',
      '    state "light" as lamp_1_on_light {',
      '      state "dim" as lamp_1_on_light_dim',
      '      lamp_1_on_light_dim : entry / shine',
      '      state "bright" as lamp_1_on_light_bright',
      '      [*] --> lamp_1_on_light_dim',
      '      lamp_1_on_light_dim --> lamp_1_on_light_bright : after 250 ms',
      '    }',
      '    --',
      '    state "fan" as lamp_1_on_fan {',
      '      state "still" as lamp_1_on_fan_still',
      '      [*] --> lamp_1_on_fan_still',
      '    }',
      '  }',
      '  state "broken" as lamp_1_broken',
      '  [*] --> lamp_1_off',
      '  [*] --> lamp_1_broken : house.burnt (anywhere)',
      '  lamp_1_off --> lamp_1_on : switch.pressed [isDark]',
      '  lamp_1_off --> lamp_1_off : after 15 s',
      '  lamp_1_on --> lamp_1_off : switch.pressed',
      '  lamp_1_on --> lamp_1_broken : mains.failed<br/>fuse.blown (in fan.still)',
      '  lamp_1_broken --> [*]',
    ]))

  it('joins the guards of one event that lead to the same state, and says why a transition is taken', () => {
    const lines = chartToMermaid(chartOf(gateMachine)).split('\n')
    expect(lines).to.include('  gate_open --> gate_shut : knock [isFull] or [isLate] – too many peers<br/>knock [else]')
  })
})
