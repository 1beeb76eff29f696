#!/usr/bin/env python3
"""
What fixtures of other years and other fillers have in other ways than most:
each is made from one state test, and must pass or be told what is wrong.

    variants.py EVM FIXTURE
"""
import copy
import json
import subprocess
import sys
import tempfile

evm, fixture = sys.argv[1:]
name, base = next(iter(json.load(open(fixture)).items()))
failures = 0


def cut(number):
    """Without leading zeros."""
    return hex(int(number, 16))


def put(*path, to=None):
    """A change: what is there becomes `to`, or goes."""
    def change(test):
        for key in path[:-1]:
            test = test[key]
        if to is None:
            del test[path[-1]]
        else:
            test[path[-1]] = to
    return change


def plain_numbers(test):
    env, tx = test['env'], test['transaction']
    env['currentNumber'] = str(int(env['currentNumber'], 16))
    env['currentTimestamp'] = int(env['currentTimestamp'], 16)
    tx['nonce'] = cut(tx['nonce'])
    tx['value'] = ['0x:bigint ' + cut(value) for value in tx['value']]
    for account in test['pre'].values():
        account['balance'] = cut(account['balance'])


def called(new, old, **env):
    """The cases of `old` alone, by another name, in another block."""
    def change(test):
        test['post'] = {new: test['post'][old]}
        test['env'].update(env)
    return change


def refused(key, to):
    """That is expected to be refused; its root is nobody's."""
    def change(test):
        test['transaction'][key] = to
        case = test['post']['EIP158'][0]
        case['expectException'] = 'TransactionException.A|Exception.B'
        case['hash'] = '0x' + '00' * 32
        test['post'] = {'EIP158': [case]}
    return change


def root_of(change, fork):
    """The state's root afterwards, of a case that fails or passes."""
    test = copy.deepcopy(base)
    change(test)
    with tempfile.NamedTemporaryFile('w', suffix='.json') as out:
        json.dump({name: test}, out)
        out.flush()
        run = subprocess.run([evm, 'statetest', '--fork', fork, out.name],
                             text=True, capture_output=True, check=False)
    return json.loads(run.stdout)[0]['stateRoot']


def before_exceptions(fork, root):
    """A wrong nonce, of which the file says nothing but the root."""
    def change(test):
        test['transaction']['nonce'] = '0x99'
        case = test['post'][fork][0]
        case.pop('expectException', None)
        case['hash'] = root
        test['post'] = {fork: [case]}
    return change


def check(what, change, *expected):
    """Passes, or fails with the text."""
    global failures
    test = copy.deepcopy(base)
    change(test)
    with tempfile.NamedTemporaryFile('w', suffix='.json') as out:
        json.dump({name: test}, out)
        out.flush()
        run = subprocess.run([evm, 'statetest', '--human', out.name],
                             text=True, capture_output=True, check=False)
    said = run.stdout + run.stderr
    good = (run.returncode == (1 if expected else 0) and
            all(text in said for text in expected))
    if not good:
        failures += 1
        print(f'FAILED: {what}: status {run.returncode}: {said[-400:]}')


TX = 'transaction'
BIG = '0x1' + '0' * 64
OTHER_ROOT = 'different state root'

check('as it is', lambda test: None)
check('a key, no sender', put(TX, 'sender'))
check('decimal numbers, short ones and 0x:bigint', plain_numbers)
check('no number is 0', put('env', 'currentDifficulty', to=''))
check('0x is 0', put(TX, 'nonce', to='0x'))
check('null for no recipient', put(TX, 'accessLists', to=[None]))
check('members that nobody knows', put('_fuzz', to={'a': [1]}))
check('{} for no list', put(TX, 'accessLists', to=[{}]))
check('an id of the chain', put('config', to={'chainid': '0x01'}))
check('no randomness', called('Merge', 'EIP158', currentBaseFee='0x00'),
      OTHER_ROOT)

for new in 'TangerineWhistle', 'EIP150', 'EIP150ToEIP158At2':
    check(new, called(new, 'EIP150'))
for new in 'SpuriousDragon', 'EIP158', 'EIP150ToEIP158At1':
    check(new, called(new, 'EIP158'))
check('Petersburg', called('Petersburg', 'ConstantinopleFix'))
check('before a time', called('HomesteadToByzantiumAtTime15k', 'Homestead',
                              currentTimestamp='0x3a97'))
check('from a time on', called('HomesteadToByzantiumAtTime15k', 'Byzantium',
                               currentTimestamp='0x3a98'))

check('a value that none can be', refused('value', [BIG]), OTHER_ROOT)
check('a price that none can be', refused('gasPrice', '0x:bigint ' + BIG),
      OTHER_ROOT)
check('a nonce that none can be', refused('nonce', BIG[:20]), OTHER_ROOT)

ZERO = '0x' + '00' * 32
EMPTY_LOGS = ('0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49'
              '347')
untouched, touched = (root_of(before_exceptions(fork, ZERO), fork)
                      for fork in ('EIP158', 'Frontier'))
if untouched == touched:
    failures += 1
    print('FAILED: the miner is not touched, or is there before')
for fork, root in (('EIP158', untouched), ('Frontier', untouched),
                   ('Frontier', touched)):
    def no_logs(test, fork=fork, root=root):
        before_exceptions(fork, root)(test)
        test['post'][fork][0]['logs'] = EMPTY_LOGS
    check('a refusal that only the root of ' + fork + ' shows', no_logs)
check('a refusal that it does not show', before_exceptions('EIP158', ZERO),
      'wrong nonce')

check('the same, accepted', put(TX, 'value', to=[BIG]),
      'transaction: value: "0x1000', 'is no number of 256 bits')
check('a fork of nobody', called('Amsterdam', 'EIP158'), 'unknown fork')
check('from nobody to someone', called('XToEIP158At5', 'EIP158'),
      'unknown fork')
check('no cases', put('post', 'EIP158', to={}), 'post: not an array')
check('an index of nothing',
      put('post', 'EIP158', 0, 'indexes', 'data', to=-1),
      'transaction: data: missing')
check('an index beyond', put('post', 'EIP158', 0, 'indexes', 'value', to=7),
      'transaction: value: missing')
check('no transaction', put(TX), 'transaction: missing')
check('no block', put('env'), 'env: missing')
check('no accounts', put('pre'), 'accounts: missing')
check('no post', put('post'), 'this is no state test')
check('a recipient that is a number', put(TX, 'to', to=5),
      'transaction: to: not a string')
check('a bad key', lambda test: (put(TX, 'sender')(test),
                                 put(TX, 'secretKey', to='0x00')(test)),
      'transaction: secretKey: not a key')
check('neither key nor sender', lambda test: (put(TX, 'sender')(test),
                                              put(TX, 'secretKey')(test)),
      'transaction: sender: missing')

sys.exit(failures > 0)
