#!/usr/bin/env python3
"""
Forms of TransactionTests, BasicTests and DifficultyTests that only some
years have, and JSON that says a thing twice.

    forms.py EVM FIXTURE
"""
import json
import pathlib
import subprocess
import sys
import tempfile

evm, fixture = sys.argv[1:]
failures = 0


def check(what, command, file, text, *expected):
    """Passes, with the texts in what is said; or fails, if one is FAIL."""
    global failures
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, file)
        path.write_text(text, encoding='ascii')
        run = subprocess.run([evm, command, '--human', path], text=True,
                             capture_output=True, check=False)
    said = run.stdout + run.stderr
    status = 1 if 'FAIL' in expected else 0
    if run.returncode != status or any(t not in said for t in expected):
        failures += 1
        print(f'FAILED: {what}: status {run.returncode}: {said[-400:]}')


# The signed transaction of t8n/, and what is known of it.
RLP = ('0xf863800a8303345094095e7baea6a6c7c4c2dfeb977efac326af552d87830186a0801'
       'ba0d7f12f33fd6ed868181c442fa795b825833472c08304ba8076c99e361277a1cea0'
       '0754e3b3f79c4ac1554e25989ea8422b5dde0a09c4ff362ad4086d3f3a7d63cf')
GOOD = {
    'hash': 'dd2137265176659f7c89bbe812b1c314137a1030c5a1bf8119c3c6865e529eaa',
    'sender': 'a94f5374fce5edbc8e2a8697c15331677e6ebf0b'}


def old_tx(rlp, **forks):
    return json.dumps({'t': {'_info': {'a': 'b'}, 'rlp': rlp, **forks}})


def new_tx(**forks):
    return json.dumps({'t': {'txbytes': RLP, 'result': forks}})


OTHER = {**GOOD, 'sender': '00' * 20}
check('the forks beside the transaction', 'txtest', 'a.json',
      old_tx(RLP, Frontier=GOOD, Berlin=GOOD), '2 passed')
check('a sender who is another', 'txtest', 'a.json',
      old_tx(RLP, Berlin=OTHER), 'FAIL', 'different sender')
check('to be refused, which it is not', 'txtest', 'a.json',
      old_tx(RLP, Berlin={}), 'FAIL', 'it was not refused')
check('cut', 'txtest', 'a.json', old_tx(RLP[:-2], Berlin={}), '1 passed')
check('not even hex', 'txtest', 'a.json', old_tx('0xf8:', Berlin={}),
      '1 passed')
check('not hex, with a sender', 'txtest', 'a.json',
      old_tx('0xf8:', Berlin=GOOD), 'FAIL', 'is not hex')
check('no gas', 'txtest', 'a.json', new_tx(Berlin=GOOD), '1 passed')
check('the gas', 'txtest', 'a.json',
      new_tx(Berlin={**GOOD, 'intrinsicGas': '0x5208'}), '1 passed')
check('another gas', 'txtest', 'a.json',
      new_tx(Berlin={**GOOD, 'intrinsicGas': '0x5209'}), 'FAIL',
      'different gas')
check('nothing', 'txtest', 'a.json', '{"t": {}}', 'FAIL', 'txbytes: missing')


def block(number, elapsed, delay, wrong=0):
    """A block since Byzantium whose parent has no uncles, by EIP-100."""
    parent = 10 ** 13
    is_ = parent + parent // 2048 * max(1 - elapsed // 9, -99)
    period = max(number - delay, 0) // 100000
    is_ += 2 ** (period - 2) if period > 1 else 0
    return {'parentTimestamp': '0x10', 'parentDifficulty': hex(parent),
            'parentUncles': '0x00',
            'currentTimestamp': hex(16 + elapsed),
            'currentBlockNumber': hex(number),
            'currentDifficulty': hex(is_ + wrong)}


DELAYS = {'Byzantium': 3000000, 'Constantinople': 5000000,
          'Istanbul': 5000000, 'MuirGlacier': 9000000, 'Berlin': 9000000,
          'London': 9700000, 'ArrowGlacier': 10700000,
          'GrayGlacier': 11400000}
for fork, delay in DELAYS.items():
    tests = {f'{n}-{e}': block(n, e, delay)
             for n in (1, delay + 199999, delay + 200000, delay + 4000000)
             for e in (1, 8, 9, 900, 5000)}
    check(fork, 'basictest', 'difficulty.json',
          json.dumps({'difficulty': {'_info': {}, fork: tests}}), '20 passed')
BLOCK = block(12500000, 20, 9000000, wrong=1)
check('another difficulty', 'basictest', 'difficulty.json',
      json.dumps({'d': {'Berlin': {'t': BLOCK}}}), 'FAIL',
      't, Berlin: different difficulty')
check('a fork of nobody', 'basictest', 'difficulty.json',
      json.dumps({'d': {'Glacier': {'t': BLOCK}}}), 'FAIL', 'unknown fork')
check('a fork by the name of the file', 'basictest',
      'difficultyEIP2384_random.json',
      json.dumps({'t': block(12500000, 20, 9000000)}), '1 passed')

TEXT = pathlib.Path(fixture).read_text(encoding='ascii')
check('what is there twice, the last counts', 'statetest', 'a.json',
      TEXT.replace('"pre"', '"pre": {"a": 1}, "pre"', 1), ' 0 failed')

sys.exit(failures > 0)
