import { createHmac } from 'node:crypto'

/** HS256 with the one claim that the engine API wants. @param secret 32 bytes */
export const jwt = (secret: Uint8Array, issuedAt: number = Math.floor(Date.now() / 1_000)): string =>
  token(secret, { iat: issuedAt })

/** HS256 unless another is said. @param secret 32 bytes @param claims or their text */
export function token(secret: Uint8Array, claims: object | string, alg = 'HS256', hash = 'sha256'): string {
  const part = (json: object | string) =>
    Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')
  const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}
