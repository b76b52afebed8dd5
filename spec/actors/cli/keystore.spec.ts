import { expect } from 'chai'
import { computeAddress, encryptKeystoreJsonSync } from 'ethers'
import { decryptKey, KeystoreError } from '../../../actors/cli/keystore.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'

// Web3 Secret Storage Definition, "Test Vectors".
const scrypt = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262_144,
      p: 8,
      r: 1,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  version: 3,
}
const pbkdf2 = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  version: 3,
}

describe('a key in a keystore file', function () {
  this.timeout(20_000)
  const key = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'

  it('is that of the definition', async () => {
    expect(bytesToHex(await decryptKey(JSON.stringify(pbkdf2), async () => 'testpassword'))).to.equal(key)
  })
  it('is what geth and others write, by scrypt', async () => {
    const account = { address: computeAddress(`0x${key}`), privateKey: `0x${key}` }
    const file = encryptKeystoreJsonSync(account, 'testpassword', { scrypt: { N: 4_096, r: 8, p: 1 } })
    expect(bytesToHex(await decryptKey(file, async () => 'testpassword'))).to.equal(key)
  })
  it('is not given for another password', async () => {
    const fault = await failureOf(decryptKey(JSON.stringify(pbkdf2), async () => 'another'))
    expect(fault).to.be.instanceOf(KeystoreError).with.property('message', 'could not decrypt key with given password')
  })
  it('is not read from what is no such file, or costs too much', async () => {
    const { crypto } = scrypt
    const { kdfparams } = crypto
    const crypt = (change: object) => ({ ...scrypt, crypto: { ...crypto, ...change } })
    const params = (change: object) => crypt({ kdfparams: { ...kdfparams, ...change } })
    const faulty: unknown[] = [
      ...[null, 1, {}, { version: 3 }, { ...scrypt, version: 1 }, crypt({ cipher: 'none' }), crypt({ kdf: 'none' })],
      ...[crypt({ mac: 'ab' }), crypt({ ciphertext: 7 }), crypt({ cipherparams: null }), params({ n: 2 ** 24, r: 64 })],
      ...[scrypt, params({ n: 3 }), params({ n: 0 }), params({ p: 0 }), params({ dklen: 16 }), params({ salt: '' })],
      { ...pbkdf2, crypto: { ...pbkdf2.crypto, kdfparams: { ...pbkdf2.crypto.kdfparams, c: 0 } } },
    ]
    for (const value of faulty)
      expect(
        await failureOf(decryptKey(JSON.stringify(value), async () => 'testpassword')),
        JSON.stringify(value),
      ).to.be.instanceOf(KeystoreError)
    expect(await failureOf(decryptKey('no JSON', async () => ''))).to.be.instanceOf(KeystoreError)
  })
})
