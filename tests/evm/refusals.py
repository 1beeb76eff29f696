#!/usr/bin/env python3
"""
What `evm t8n` says of transactions that it rejects: geth's words.

    refusals.py EVM
"""
import json
import subprocess
import sys

evm, = sys.argv[1:]
KEY = '0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8'
FROM = '0xa94f5374Fce5edBC8E2a8697C15331677e6EbF0B'
TO = '0x' + '11' * 20
BLOB = '0x01' + '00' * 31
failures = 0

ENV = {'currentCoinbase': TO, 'currentDifficulty': '0x0',
       'currentGasLimit': '0x2000000', 'currentNumber': '0x1',
       'currentTimestamp': '0x1', 'currentRandom': '0x0',
       'currentBaseFee': '0x7', 'withdrawals': [],
       'currentExcessBlobGas': '0x2000000',
       'parentBeaconBlockRoot': '0x' + '00' * 32}
QUEUES = {a: {'balance': '0x0', 'code': '0x00'} for a in (
    '0x00000961ef480eb55e80d19ad83579a64c007002',
    '0x0000bbddc7ce488642fb579f8b00f3a590007251')}
FEES = {'maxFeePerGas': '0x7', 'maxPriorityFeePerGas': '0x0', 'accessList': []}
BLOBS = {**FEES, 'maxFeePerBlobGas': '0xffffff', 'blobVersionedHashes': [BLOB]}


def check(want, tx, fork='Prague', **account):
    """One transaction, from an account of nonce 1 and 10^9 wei."""
    global failures
    alloc = {FROM: {'nonce': '0x1', 'balance': '0x3b9aca00', **account},
             **QUEUES}
    tx = {'to': TO, 'gas': '0x5208', 'nonce': '0x1', 'value': '0x0',
          'input': '0x', 'chainId': '0x1', 'v': '0x0', 'r': '0x0',
          's': '0x0', 'secretKey': KEY, **tx}
    if 'maxFeePerGas' not in tx:
        tx['gasPrice'] = tx.get('gasPrice', '0x7')
    run = subprocess.run(
        [evm, 't8n', '--state.fork', fork, '--input.alloc', 'stdin',
         '--input.env', 'stdin', '--input.txs', 'stdin', '--output.result',
         'stdout', '--output.alloc', ''], text=True, capture_output=True,
        check=False, input=json.dumps({'alloc': alloc, 'env': ENV,
                                       'txs': [tx]}))
    try:
        rejected = json.loads(run.stdout)['result'].get('rejected', [])
    except ValueError:
        rejected = run.stderr
    if rejected != ([{'index': 0, 'error': want}] if want else []):
        failures += 1
        print(f'FAILED: want {want}\n        is {rejected}')


check(None, {})
check(f'nonce too high: address {FROM}, tx: 2 state: 1', {'nonce': '0x2'})
check(f'nonce too low: address {FROM}, tx: 0 state: 1', {'nonce': '0x0'})
check(f'nonce has max value: address {FROM}, nonce: {2 ** 64 - 1}',
      {'nonce': hex(2 ** 64 - 1)}, nonce=hex(2 ** 64 - 1))
check(f'sender not an eoa: address {FROM}, len(code): 2', {}, code='0x5f5f')
check(None, {}, code='0xef0100' + '22' * 20)
check(f'sender not an eoa: address {FROM}, len(code): 23', {}, 'Cancun',
      code='0xef0100' + '22' * 20)
check(f'insufficient funds for gas * price + value: address {FROM} have '
      '146999 want 147000', {}, balance=hex(146999))
check(None, {}, balance=hex(147000))
check(f'insufficient funds for gas * price + value: address {FROM} have '
      '1000000000 want 1000147001', {'value': hex(10 ** 9 + 1)})
check(f'insufficient funds for gas * price + value: address {FROM} required '
      'balance exceeds 256 bits', {'value': hex(2 ** 256 - 1)})
check('intrinsic gas too low: have 20999, want 21000', {'gas': '0x5207'})
check('intrinsic gas too low: have 21015, want 21016',
      {'gas': hex(21015), 'input': '0x01'}, 'Cancun')
check('insufficient gas for floor data gas cost: have 21039, want 21040',
      {'gas': hex(21039), 'input': '0x01'})
check('gas limit reached', {'gas': '0x2000001'})
check('transaction gas limit too high (cap: 16777216, tx: 16777217)',
      {'gas': '0x1000001'}, 'Osaka')
check('max initcode size exceeded: code size 49153 limit 49152',
      {'to': None, 'gas': '0x400000', 'input': '0x' + '00' * 49153})
check(f'max fee per gas less than block base fee: address {FROM}, '
      'maxFeePerGas: 6, baseFee: 7', {'gasPrice': '0x6'})
check(f'max priority fee per gas higher than max fee per gas: address {FROM}'
      ', maxPriorityFeePerGas: 8, maxFeePerGas: 7',
      {**FEES, 'maxPriorityFeePerGas': '0x8'})
check('transaction type not supported', FEES, 'Berlin')
check('invalid chain id for signer: have 5 want 1',
      {'v': '0x2d', 'r': '0x1', 's': '0x1'})
check('invalid transaction v, r, s values',
      {'v': '0x25', 'r': '0x1', 's': '0x' + 'ff' * 32})
check(f'max fee per blob gas less than block blob gas fee: address {FROM} '
      'blobGasFeeCap: 1, blobBaseFee: 812',
      {**BLOBS, 'maxFeePerBlobGas': '0x1'})
check('blob 1 has invalid hash version',
      {**BLOBS, 'blobVersionedHashes': [BLOB, '0x02' + BLOB[4:]]})
check('blob transaction missing blob hashes',
      {**BLOBS, 'blobVersionedHashes': []})
check('blob gas (1310720) would exceed maximum allowance 1179648',
      {**BLOBS, 'blobVersionedHashes': [BLOB] * 10})
check('blob transaction has too many blobs',
      {**BLOBS, 'blobVersionedHashes': [BLOB] * 7}, 'Osaka')
check(f'EIP-7702 transaction with empty auth list (sender {FROM})',
      {**FEES, 'authorizationList': []})

sys.exit(failures > 0)
