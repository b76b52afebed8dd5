import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { expect } from 'chai'
import { Cors } from '../../../actors/rpc/cors.ts'
import { isVhostAllowed } from '../../../actors/rpc/vhosts.ts'
import { isOriginAllowed } from '../../../actors/rpc/ws-origins.ts'

describe('who may call', () => {
  describe('by the Host header', () => {
    const names = new Set(['localhost', 'node.example'])
    for (const host of [
      '',
      'localhost',
      'LocalHost:8545',
      'node.example:1',
      '127.0.0.1',
      '10.1.2.3:80',
      '::1',
      '[::1]:80',
    ])
      it(`is who calls us "${host}"`, () => expect(isVhostAllowed(names, host)).to.equal(true))
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      'xlocalhost',
      '127.0.0.1.evil.example',
      '[::1]',
      '[evil]:80',
      ':80',
    ])
      it(`is not who calls us "${host}"`, () => expect(isVhostAllowed(names, host)).to.equal(false))
    it('is everybody with *', () => expect(isVhostAllowed(new Set(['*']), 'evil.example')).to.equal(true))
  })

  describe('by the origin of a page, over WebSocket', () => {
    const cases: readonly (readonly [
      rules: readonly string[],
      allowed: readonly string[],
      refused: readonly string[],
    ])[] = [
      [
        [],
        ['http://localhost', `http://${hostname()}`, 'http://localhost:3000'],
        ['https://localhost', 'http://a.example'],
      ],
      [['*'], ['http://a.example', 'null'], []],
      [
        ['http://a.example'],
        ['http://a.example', 'HTTP://A.example', 'http://a.example:8080'],
        ['https://a.example', 'http://b.example', 'http://sub.a.example'],
      ],
      [['a.example'], ['http://a.example', 'https://a.example:8080'], ['http://b.example']],
      [
        ['a.example:8080'],
        ['http://a.example:8080', 'https://a.example:8080'],
        ['http://a.example', 'http://a.example:8081'],
      ],
      [['https://a.example:8080', ''], ['https://a.example:8080'], ['https://a.example', 'http://a.example:8080']],
    ]
    for (const [rules, allowed, refused] of cases)
      it(`is as the rules say: ${rules.join() || 'none'}`, () => {
        for (const origin of allowed) expect(isOriginAllowed(rules, origin), origin).to.equal(true)
        for (const origin of refused) expect(isOriginAllowed(rules, origin), origin).to.equal(false)
      })
    it('is who is no browser, and sends none', () =>
      expect(isOriginAllowed(['http://a.example'], undefined)).to.equal(true))
  })

  describe('by the origin of a page, over HTTP', () => {
    const reported = (origins: readonly string[], origin: string, method = 'POST') => {
      const headers = new Cors(origins).headers({ method, headers: { origin } } as IncomingMessage)
      const at = headers.indexOf('Access-Control-Allow-Origin')
      return at === -1 ? undefined : headers[at + 1]
    }
    it('is sent no CORS headers when no page is let in', () =>
      expect(
        new Cors([]).headers({ method: 'POST', headers: { origin: 'http://a' } } as IncomingMessage),
      ).to.deep.equal([]))
    it('is sent * where everybody is let in', () => expect(reported(['*'], 'http://a.example')).to.equal('*'))
    it('may have a part of its name left open', () => {
      expect(reported(['https://*.example'], 'https://a.example')).to.equal('https://a.example')
      for (const origin of ['https://.exampl', 'http://a.example', 'https://a.example.evil'])
        expect(reported(['https://*.example'], origin)).to.equal(undefined)
    })
    it('is let in for POST and GET alone', () => expect(reported(['*'], 'http://a', 'PATCH')).to.equal(undefined))
  })
})
