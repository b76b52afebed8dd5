import type { IncomingMessage } from 'node:http'
import { JsonNames } from '../../protocols/lib/json-names.ts'
import { checkJson, firstValue, JsonSyntaxError } from '../../protocols/lib/json-scanner.ts'
import { jsonText } from '../../protocols/lib/json-text.ts'

/** Seconds that the clocks of both sides may differ (the engine API's authentication, geth jwtExpiryTimeout). */
const maxDrift = 60

/**
 * Whether a request shows a token made with the secret, of now: HS256 with the claim `iat`.
 * @param secret 32 bytes
 * @param now seconds since 1970
 * @returns why not, as geth says it
 */
export async function tokenFault(
  { headers: { authorization = '' } }: Pick<IncomingMessage, 'headers'>,
  secret: Uint8Array,
  now: number,
): Promise<string | undefined> {
  const token = /^Bearer (.*)$/i.exec(authorization)?.[1] ?? ''
  if (token === '') return 'missing token'
  try {
    const claims = claimsOf(token)
    return (await isSigned(token, secret)) ? claimFault(claims, now) : 'signature is invalid'
  } catch (error) {
    if (error instanceof TokenFault) return error.message
    throw error
  }
}

async function isSigned(token: string, secret: Uint8Array): Promise<boolean> {
  const { compactVerify, errors } = await import('jose') // only where the engine API is served
  try {
    await compactVerify(token, secret, { algorithms: ['HS256'] })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}

type Claims = Readonly<Record<string, unknown>>

function claimFault({ iat, exp }: Claims, now: number): string | undefined {
  if (typeof exp === 'number' && now >= exp) return 'token is expired'
  if (typeof iat !== 'number') return 'missing issued-at'
  if (now - iat > maxDrift) return 'stale token'
  return iat - now > maxDrift ? 'future token' : undefined
}

/** To geth the claims are a struct, the header is a map. */
const dates = ['iat', 'exp', 'nbf'] as const
const dateNames = new JsonNames(dates)

/** @returns what the token claims, not verified @throws {TokenFault} it is malformed, or not signed as it must be */
function claimsOf(token: string): Claims {
  const parts = token.split('.')
  if (parts.length !== 3) throw new TokenFault('token contains an invalid number of segments')
  const { alg } = objectOf(parts[0]!, wholeText)
  const claims = dateNames.pick(objectOf(parts[1]!, firstValue))
  for (const name of dates) checkDate(claims[name])
  if (typeof alg !== 'string') throw new TokenFault('signing method (alg) is unspecified.')
  if (!/^((HS|RS|ES|PS)(256|384|512)|EdDSA|none)$/.test(alg))
    throw new TokenFault('signing method (alg) is unavailable.')
  if (alg !== 'HS256') throw new TokenFault(`signing method ${alg} is invalid`)
  checkBase64(parts[2]!)
  return claims
}

/** @param read what of the text is read @throws {TokenFault} */
function objectOf(part: string, read: (text: string) => string): Claims {
  checkBase64(part)
  const json = JSON.parse(jsonOf(Buffer.from(part, 'base64url').toString(), read))
  if (typeof json !== 'object' || json === null)
    throw new TokenFault('json: cannot unmarshal into Go value of type map')
  return json
}

function jsonOf(text: string, read: (text: string) => string): string {
  try {
    return read(text)
  } catch (error) {
    throw error instanceof JsonSyntaxError ? new TokenFault(error.message) : error
  }
}

/** A header is read whole, and of claims the first value: geth's library decodes a stream there. */
function wholeText(text: string): string {
  checkJson(text)
  return text
}

function checkDate(json: unknown): void {
  if (json === undefined || typeof json === 'number') return
  const literal = JSON.stringify(jsonText(json))
  throw new TokenFault(
    `could not parse NumericData: json: invalid number literal, trying to unmarshal ${literal} into Number`,
  )
}

function checkBase64(part: string): void {
  const at = part.search(/[^\w-]/)
  if (at !== -1 || part.length % 4 === 1)
    throw new TokenFault(`illegal base64 data at input byte ${at === -1 ? part.length - 1 : at}`)
}

class TokenFault extends Error {
  override readonly name = 'TokenFault'
}
