#!/usr/bin/env python3
"""wires.py: serial lines that others connect to, by sockets.

usage: wires.py VMM GUESTS

Echo.elf sends back what it gets and ends at a full stop; lines.elf writes
65,536 lines, flood.elf without end.
"""
import fcntl
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time

VMM, GUESTS = (os.path.abspath(path) for path in sys.argv[1:3])
PATIENCE = 300  # others may be at work on this host
WORK = tempfile.TemporaryDirectory()
os.chdir(WORK.name)  # whose name may be longer than a socket's can be
os.environ['VMM_CONFIG'] = ''
PATH = 'line'
failures = []


def start(guest, *options):
    command = [VMM, 'boot', '--accel', 'sim', '--timeout', f'{PATIENCE}s',
               *options,
               os.path.join(GUESTS, guest)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def connect(path=PATH):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        try:
            s.connect(path)
            return s
        except OSError:
            s.close()
            time.sleep(0.02)
    raise SystemExit('nothing listens at ' + path)


def receive(s, count):
    got = b''
    while len(got) < count:
        more = s.recv(count - len(got))
        if not more:
            break
        got += more
    return got


def wait_until_full(s):
    """What waits to be read has become no more for two seconds."""
    before, since = 0, time.monotonic()
    while not before or time.monotonic() - since < 2:
        held = fcntl.ioctl(s, termios.FIONREAD, bytes(4))
        now = int.from_bytes(held, sys.byteorder)
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(0.02)


def check(what, ok):
    print('ok' if ok else 'FAILED', '-', what)
    if not ok:
        failures.append(what)


def end(process, status):
    said = process.communicate(timeout=2 * PATIENCE)[1]
    check(f'exit status {process.returncode} is {status}',
          process.returncode == status)
    return said


def test_unix():
    run = start('echo.elf', '--serial', 'unix:' + PATH)
    one = connect()
    check('nobody else may connect',
          stat.S_IMODE(os.stat(PATH).st_mode) & 0o77 == 0)
    one.sendall(b'hello')
    check('an answer comes back', receive(one, 5) == b'hello')
    two = connect()
    check('a second client is turned away', two.recv(1) == b'')
    one.close()
    deadline = time.monotonic() + PATIENCE
    got = b''
    while not got and time.monotonic() < deadline:
        one = connect()
        try:
            one.sendall(b'again')
            got = receive(one, 5)
        except OSError:
            pass
    check('another may come when the first has gone', got == b'again')
    one.sendall(b'.')
    end(run, 0)
    check('its name is gone', not os.path.exists(PATH))


def test_names():
    old = socket.socket(socket.AF_UNIX)
    old.bind(PATH)
    old.close()
    run = start('echo.elf', '--serial', 'unix:' + PATH)
    s = connect()
    s.sendall(b'.')
    end(run, 0)
    check('what is left of a dead one is replaced', not os.path.exists(PATH))
    live = socket.socket(socket.AF_UNIX)
    live.bind(PATH)
    live.listen()
    run = start('echo.elf', '--serial', 'unix:' + PATH)
    check('a live one is not', 'cannot be made' in end(run, 71))
    check('and left alone', os.path.exists(PATH))
    live.close()
    os.unlink(PATH)
    with open(PATH, 'w'):
        pass
    run = start('echo.elf', '--serial', 'unix:' + PATH)
    check('nor is a file', 'cannot be made' in end(run, 71))
    os.unlink(PATH)


def test_tcp():
    run = start('echo.elf', '--serial', 'tcp:0')
    line = run.stderr.readline()
    found = re.search(r'COM1 is at 127\.0\.0\.1 port (\d+)', line)
    check('it is at this host alone', bool(found))
    s = socket.create_connection(('127.0.0.1', int(found[1])), PATIENCE)
    s.sendall(b'hello')
    check('an answer comes back', receive(s, 5) == b'hello')
    s.sendall(b'.')
    end(run, 0)
    for place in ('tcp:127.0.0.1:99999', 'tcp::1', 'tcp:192.0.2.1:1'):
        end(start('echo.elf', '--serial', place), 71)


def test_nobody_holds_the_guest():
    run = start('lines.elf', '--serial', 'unix:' + PATH)
    check('nobody came', 'COM1: 1114112 bytes were lost' in end(run, 0))
    run = start('flood.elf', '--serial', 'unix:' + PATH)
    s = connect()
    wait_until_full(s)
    run.terminate()
    check('one who does not read', 'bytes were lost' in end(run, 143))
    check('gets what found room', len(receive(s, 4096)) == 4096)
    s.close()


def test_a_guest_that_never_reads():
    run = start('hang.elf', '--serial', 'unix:' + PATH)
    one = connect()
    one.sendall(b'x' * 20000)
    one.close()
    two = connect()
    two.settimeout(0.5)
    try:
        there = two.recv(1) != b''
    except socket.timeout:
        there = True
    check('who has gone makes room, whatever the guest took', there)
    run.terminate()
    end(run, 143)


def test_two_at_once():
    other = 'other'
    run = start('echo.elf', '--serial', 'unix:' + PATH, '--serial4',
                'unix:' + other)
    one, four = connect(), connect(other)
    four.sendall(b'.')  # nobody listens there
    one.sendall(b'hello')
    check('each line is its own', receive(one, 5) == b'hello')
    one.sendall(b'.')
    end(run, 0)
    four.close()
    run = start('echo.elf', '--serial', 'unix:' + PATH, '--serial2',
                'stdio', '--serial3', f'pty:{other}')
    connect().sendall(b'.')
    end(run, 0)


for name, test in list(globals().items()):
    if name.startswith('test_'):
        print('#', name)
        test()
sys.exit(1 if failures else 0)
