// Genesis files as people have them, and the hash that `geth init` of 1.17.10 gives; spec/interop/genesis-geth.spec.ts holds it to that.

export type GenesisCase = { readonly what: string; readonly text: string; readonly hash: string }

const config = {
  chainId: 7686,
  ...{ homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0, byzantiumBlock: 0, constantinopleBlock: 0 },
  ...{ petersburgBlock: 0, istanbulBlock: 0, berlinBlock: 0, londonBlock: 0, terminalTotalDifficulty: 0 },
}
const { londonBlock: _, ...berlin } = config
const cancun = { ...config, shanghaiTime: 0, cancunTime: 0 }
const base = { config, difficulty: '1', gasLimit: '8000000', alloc: {} }
const account = '11'.repeat(20)

/** Of all that make {@link base}'s block. */
const plain = '0x3ea66630b8a7f8a33b1d9771fe3a9e81cfe1db0875d323fc9c9f7ba30de006de'

const of = (what: string, json: unknown, hash: string, behind = ''): GenesisCase => ({
  what,
  text: `${JSON.stringify(json)}${behind}`,
  hash,
})
const { gasLimit, ...noLimit } = base

export const genesisCases: readonly GenesisCase[] = [
  of('nothing unusual', base, plain),
  of('a semicolon behind it', base, plain, '\n;'),
  of('another object behind it', base, plain, ' {"difficulty":"2"}'),
  of('gaslimit', { ...noLimit, gaslimit: gasLimit }, plain),
  of('gasLimit behind gaslimit', { gaslimit: '9000000', ...base }, plain),
  of(
    'gaslimit behind gasLimit',
    { ...base, gaslimit: '9000000' },
    '0xd54a10e398e669b07c66b26df1006c1625cb7a3c4e498fd4ce3ea0627b540d04',
  ),
  of(
    'a letter that folds into s',
    { ...base, timeſtamp: 5 },
    '0xdf22d1a78a679a2dda5b57fc103430802d20fad87fe4266a465ffa9436f146df',
  ),
  of(
    'names in capitals',
    { ...base, Timestamp: '0x5', Coinbase: `0x${'22'.repeat(20)}` },
    '0xc82c7c2e1d5ba0f11957755bdc9e8a68321a9db7d6046e0fbb8aefb96fc3acb5',
  ),
  of(
    'extradata',
    { ...base, extradata: '0x1234' },
    '0xa2e53d0d04fd2acfd6421a3c7cfadf36f392ce810c8b42e0a8a53eb1a86f4f63',
  ),
  of(
    'mixhash',
    { ...base, mixhash: '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365' },
    '0x374cb1d42db595544a00f1c4cb9a4c392b1963b1989e2a287fac878108dcd279',
  ),
  of(
    'shanghaitime in its config',
    { ...base, difficulty: '0', config: { ...config, shanghaitime: 0 } },
    '0x801fc73e74210fa34794546a2c5405d6e334a3730f8695db47620dffbd0cb78c',
  ),
  of(
    'empty strings for bytes and numbers',
    { ...base, gasLimit: '0x1c9c380', extraData: '', nonce: '', timestamp: '' },
    '0x8bf9d631e786922a8f13b92896bcfd3a773c1a8d1676546edc20cbaf479da4b9',
  ),
  of(
    'empty strings for gas limit and difficulty',
    { ...base, difficulty: '', gasLimit: '' },
    '0xcd5a0846f6e837aa90a8216b647699521a72d104135a84eb16e0f122ff2a4568',
  ),
  of(
    'an account with empty strings',
    { ...base, gasLimit: '0x1c9c380', alloc: { [account]: { balance: '1', code: '', nonce: '' } } },
    '0xcb6edf4a2cf1aa65723c16489674d8ef0d63398ec687d8aeed48c69fae14c81f',
  ),
  of(
    'an account of an empty balance',
    { ...base, gasLimit: '0x1c9c380', alloc: { [account]: { balance: '' } } },
    '0x953134a818c416e55868356b0cc24878f5c60b0f5234b3a53b5ce0f997b6ddd7',
  ),
  of(
    'an account in capitals',
    {
      ...base,
      alloc: {
        [account]: { Balance: '0X10', Nonce: '', Code: '0X00', Storage: { '01': null, '02': '03', '': '04' } },
      },
    },
    '0x0bcac9ccb6b9f1bc717b5d4e9b0559896ae1a56ea863cb22dc4d6a808c7a39d7',
  ),
  of('what geth does not look at', { ...base, hash: 3, stateRoot: 'zz', config: { ...config, ETHASH: {} } }, plain),
  of('limits of blobs of no fork', { ...base, config: { ...config, blobSchedule: { osaka: { target: 6 } } } }, plain),
  of(
    'limits of blobs without numbers of blobs',
    { ...base, config: { ...cancun, blobSchedule: { cancun: { baseFeeUpdateFraction: 3 } } } },
    '0x0b2e9b07b13a54f81b1c2d7772203a041d357293547bcd3cbef2077b753e6409',
  ),
  of(
    'clique without its numbers',
    { ...base, config: { ...config, clique: {} }, extraData: `0x${'00'.repeat(97)}` },
    '0x9f082f04237e83a6b93b035d50f6619095b6f90c41dc8fda98208415230511e8',
  ),
  of(
    'a base fee before London',
    { ...base, config: berlin, baseFeePerGas: '7' },
    '0x84d98a3961b4cc63f24c1265beb42fe6b949c7b970a3e414668da3d204d3c1c2',
  ),
]
