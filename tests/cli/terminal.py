#!/usr/bin/env python3
"""terminal.py: whatever ends a run, the terminal is as it was.

The monitor gets a pseudo-terminal of its own, serial line or screen; the run
is ended in every way there is, and the terminal's settings are compared.
"""
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time

VMM, KERNEL, INIT, FLOOD = sys.argv[1:5]
BOOT = [VMM, 'boot', KERNEL, '--init', INIT, '--accel', 'sim']
ENTER, LEAVE = b'\x1b[?1049h', b'\x1b[?1049l'
PATIENCE = 300  # others may be at work on this host

# Name, what ends the run (keys, a signal, or more options), exit status.
ENDS = [
    ('Ctrl-]', b'\x1d', 130),
    ('Ctrl-C and Ctrl-Z, which are the guest\'s', b'\x03\x1a\x1d', 130),
    ('--timeout', None, 124),
    ('SIGTERM', signal.SIGTERM, 143),
    ('SIGHUP', signal.SIGHUP, 129),
    ('SIGINT', signal.SIGINT, 130),
] + [(s.name, s, -s) for s in (
    signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL,
    signal.SIGFPE, signal.SIGQUIT, signal.SIGXCPU, signal.SIGALRM,
    signal.SIGUSR1, signal.SIGUSR2, signal.SIGSYS)]


def read_until(fd, word, process):
    """What is written until `word` is, or the process ends."""
    end = time.monotonic() + PATIENCE
    out = b''
    while (word not in out and process.poll() is None and
           time.monotonic() < end):
        if select.select([fd], [], [], 0.1)[0]:
            out += os.read(fd, 65536)
    return out


def read_rest(fd):
    """What is still under way, when nobody has the other side open."""
    out = b''
    while True:
        try:
            more = os.read(fd, 65536)
        except OSError:
            return out
        if not more:
            return out
        out += more


def own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # Who runs the tests in the background may have them ignored.
    for end in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM:
        signal.signal(end, signal.SIG_DFL)


def run(options, end, rows=25):
    """The status, the output, and whether the terminal is as it was."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('4H', rows, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(BOOT + options, stdin=theirs, stdout=theirs,
                               stderr=theirs, preexec_fn=own_terminal)
    out = read_until(ours, b'>>>', process)
    raw = termios.tcgetattr(theirs) != before
    if isinstance(end, bytes):
        os.write(ours, end)
    elif end:
        process.send_signal(end)
    status = status_of(process)
    after = termios.tcgetattr(theirs)
    os.close(theirs)
    out += read_rest(ours)
    os.close(ours)
    return status, out, raw, after == before


def status_of(process):
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def run_out(options):
    """Ended by its timeout, which must come after the guest's prompt."""
    for seconds in 1, 4, 16, 64:
        ended = run(options + ['--timeout', f'{seconds}s'], None)
        if ended[2]:
            break
    return ended


def quit_a_flood():
    """Ctrl-] ends a guest whose output nobody reads."""
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    unread, stuck = os.pipe()
    process = subprocess.Popen([VMM, 'boot', FLOOD, '--accel', 'sim'],
                               stdin=theirs, stdout=stuck, stderr=theirs,
                               preexec_fn=own_terminal)
    read_until(ours, b'Ctrl-]', process)
    while select.select([], [stuck], [], 0)[1]:
        time.sleep(0.01)
    for keys in b'abc', b'x' * 2000, b'\x1d':
        os.write(ours, keys)
    status = status_of(process)
    after = termios.tcgetattr(theirs)
    for fd in ours, theirs, unread, stuck:
        os.close(fd)
    return status == 130 and after == before


def skip_without_terminals():
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError as why:
        print(f'terminal: skipped: no pseudo-terminals here: {why}')
        sys.exit(77)


def main():
    failures = 0
    skip_without_terminals()
    os.environ['VMM_CONFIG'] = ''
    os.environ['TERM'] = 'xterm'
    for options in [], ['--display', 'term']:
        screens = 1 if options else 0
        for name, end, expected in ENDS:
            status, out, raw, same = (run(options, end) if end else
                                      run_out(options))
            ok = (status == expected and raw and same and
                  out.count(ENTER) == out.count(LEAVE) == screens)
            print('ok' if ok else 'not ok', '-', name, *options)
            if not ok:
                print(f'# status {status}, raw {raw}, restored {same}, '
                      f'{out!r}')
                failures += 1
    status, out, _, _ = run(['--display', 'term', '--escape', '^A'], b'\x01',
                            40)
    ok = status == 130 and b'Ctrl-A ends the run' in out
    print('ok' if ok else 'not ok', '- another key, which is named')
    failures += not ok
    ok = quit_a_flood()
    print('ok' if ok else 'not ok', '- Ctrl-] while nobody reads the output')
    return failures != 0 or not ok


sys.exit(main())
