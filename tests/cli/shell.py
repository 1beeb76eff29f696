#!/usr/bin/env python3
"""shell.py: vmm shell as a person has it, through a pseudo-terminal.

Typing, editing, completion, history, a window that changes, Ctrl-C, Ctrl-Z,
Ctrl-], guest output above the line being typed, and what a kill leaves.
"""
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

VMM, KERNEL, INIT, HANG, FLOOD = sys.argv[1:6]
EDITS = '+readline' in subprocess.run([VMM, '--version'], capture_output=True,
                                      text=True).stdout
PATIENCE = 120  # others may be at work on this host
failures = 0


class Shell:
    """A vmm shell at a terminal of its own."""

    def __init__(self, state, *options, guest=(KERNEL, '--init', INIT),
                 term='xterm'):
        self.ours, self.theirs = os.openpty()
        self.resize(25, 100)
        self.before = termios.tcgetattr(self.theirs)
        environment = dict(os.environ, XDG_STATE_HOME=state, TERM=term,
                           VMM_CONFIG='', INPUTRC='/dev/null')
        self.process = subprocess.Popen(
            [VMM, 'shell', *guest, '--accel', 'sim', *options],
            stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
            env=environment, preexec_fn=self.own_terminal)
        self.out = ''

    def own_terminal(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # Who runs the tests in the background may have them ignored.
        for end in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM:
            signal.signal(end, signal.SIG_DFL)

    def resize(self, rows, cols):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ,
                    struct.pack('4H', rows, cols, 0, 0))

    def read(self, wait=0.05):
        if select.select([self.ours], [], [], wait)[0]:
            self.out += os.read(self.ours, 65536).decode(errors='replace')
            return True
        return False

    def type(self, keys):
        self.out = ''
        os.write(self.ours, keys.encode())

    def until(self, pattern):
        """Everything since the last typing, once the pattern is in it."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, plain(self.out)):
            if time.monotonic() > end or self.process.poll() is not None:
                while self.read():
                    pass
                break
            self.read()
        return plain(self.out)

    def enter(self, line, pattern=r'\n(.*\n)*vmm[ (a-z)]*> $'):
        """What comes once the line is there; a prompt may come late."""
        self.type(line + '\r')
        return self.until(re.escape(line) + pattern)

    def interrupt(self):
        """Ctrl-C, also if what it is to end has not begun yet."""
        self.type('\x03')
        end = time.monotonic() + PATIENCE
        while 'interrupted' not in plain(self.out) and time.monotonic() < end:
            if not self.read(1):
                os.write(self.ours, b'\x03')
        return plain(self.out)

    def end(self):
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.same = termios.tcgetattr(self.theirs) == self.before
        os.close(self.theirs)
        try:
            while self.read(None):  # until nobody has the other side
                pass
        except OSError:
            pass
        os.close(self.ours)
        return status


def plain(text):
    """What a person would read, roughly: no escape sequences."""
    text = re.sub(r'\x1b\[[?0-9;]*[a-zA-Z]', '', text)
    return text.replace('\r\n', '\n').replace('\r', '')


def stopped(pid):
    with open(f'/proc/{pid}/stat') as stat:
        return stat.read().rsplit(')', 1)[1].split()[0] == 'T'


def ok(what, good, detail=''):
    global failures
    print('ok' if good else 'not ok', '-', what)
    if not good:
        print('#', repr(detail))
        failures += 1


def typing(state):
    s = Shell(state)
    out = s.until('Child stack.*')
    ok('the guest boots while the prompt waits', 'Child stack' in out, out)
    out = s.enter('start child')
    ok('a command acts in the guest', 'slot 249: TASK' in out, out)
    ok('what it caused comes first', re.search(
        'child rinit started.*\n.*slot 249', out), out)
    out = s.enter('send raw 5')
    ok('the child has it', 'Received from master: 5' in out, out)
    out = s.enter('retype task 2 250')
    ok('a mistake is told, and the prompt comes again',
       'error: the kernel refused' in out and 'SLOT_TAKEN' in out, out)
    out = s.enter('nonsense; echo no')
    ok('the rest of a line that fails is not done', 'no command' in out and
       '\nno\n' not in out, out)
    out = s.enter('echo a; echo b')
    ok('two commands in a line', '\na\n' in out and '\nb\n' in out, out)
    out = s.enter('stop')
    ok('stop', 'stopped: at 0x' in out and '(stopped)> ' in out, out)
    out = s.enter('send raw 5')
    ok('acting needs a guest that runs', 'cont' in out, out)
    out = s.enter('step')
    out = s.enter('cont')
    out = s.enter('break syscall_handle')
    s.type('signal 0\r')
    out = s.until('stopped')
    ok('a breakpoint stops it', 'breakpoint' in out, out)
    out = s.enter('delete break')
    out = s.enter('cont')
    s.type('quit 7\r')
    ok('quit with a status', s.end() == 7, s.out)
    ok('the terminal is as it was', s.same)


def above_the_line(state):
    s = Shell(state, '--stopped', guest=(FLOOD,))
    s.until('> $')
    s.enter('cont', r'\n')
    for key in 'echo tidy':
        s.type(key)
        time.sleep(0.03)
    s.type('; stop\r')
    out = s.until(r'stopped: .*\n(.*\n)*vmm \(stopped\)> $')
    ok('a line typed into a flood of output is whole', '\ntidy\n' in out,
       out[-2000:])
    s.type('\x04')
    status = s.end()
    ok('Ctrl-D at an empty line leaves', status == 0, (status, s.out[-500:]))
    ok('the terminal is as it was', s.same)


def completion(state):
    s = Shell(state, '--module', HANG)
    s.until('Child stack')
    s.until('> $')
    s.type('ret\t')
    ok('a command is completed', 'retype ' in s.until('retype '), s.out)
    s.type('task 2 2\t\t')
    out = s.until(r'20 +free')
    ok('free slots where one is needed', 'task 2 2' in out and
       re.search(r'20 +free', out) and 'TASK_BUFFER' not in out, out)
    s.type('\x15copy 25\t\t')
    out = s.until(r'(?s)250 +TASK_BUFFER.*255 +CHANNEL')
    ok('slots with what they hold', re.search(
        r'250 +TASK_BUFFER', out) and re.search(r'255 +CHANNEL', out), out)
    s.type('\x15untyped_ret\t')
    ok('a call of the kernel\'s', 'untyped_retype ' in s.until('retype '),
       s.out)
    s.type('2 ty\t')
    ok('its arguments by name', 'type=' in s.until('type='), s.out)
    s.type('\x15break syscall_han\t')
    ok('symbols', 'syscall_handle' in s.until('syscall_handle'), s.out)
    s.type('\x15set 2\t\t')
    out = s.until('253')
    ok('tasks for what sets a task', '253' in out and '250' not in out, out)
    s.type('\x15last-write syscall_han\t')
    ok('symbols where time is asked', 'syscall_handle' in s.until(
        'syscall_handle'), s.out)
    s.type('\x15rco\t')
    ok('words of time', 'rcont ' in s.until('rcont '), s.out)
    s.type('\x15call 100 in\t')
    ok('what a message carries', 'into=' in s.until('into='), s.out)
    s.type('\x15start child ha\t')
    ok('modules', 'hang.elf ' in s.until('hang.elf '), s.out)
    s.type('\x15task ta\t')
    ok('the inspector\'s own words', 'sk#' in s.until('sk#'), s.out)
    s.type('\x15quit\r')
    s.end()


def history(state):
    s = Shell(state)
    s.until('> $')
    s.enter('echo first')
    s.enter('echo second')
    s.type('\x1b[A\x1b[A\r')
    out = s.until('\nfirst\n')
    ok('the arrow brings a line back', '\nfirst\n' in out, out)
    s.process.kill()  # SIGKILL: nothing is written on the way out
    s.process.wait()
    s.end()
    path = os.path.join(state, 'vmm', 'history')
    ok('only its owner reads the history',
       os.stat(path).st_mode & 0o777 == 0o600)
    s = Shell(state)
    s.until('> $')
    s.type('\x1b[A\x1b[A\r')
    out = s.until('\nsecond\n')
    ok('a kill loses no line of it', 'second' in out, out)
    s.until('> $')
    s.type('\x12fir\r')
    out = s.until('\nfirst\n')
    ok('Ctrl-R finds one', '\nfirst\n' in out, out)
    s.type('quit\r')
    s.end()


def keys(state):
    s = Shell(state)
    s.until('Child stack')
    s.until('> $')
    s.type('some words\x03')
    out = s.until(r'\^C\nvmm> $')
    ok('Ctrl-C gives the line up', s.process.poll() is None, out)
    out = s.enter('echo alive')
    ok('and the guest runs on', '\nalive\n' in out, out)
    s.type('expect never 1h\r')
    out = s.until('idle')
    ok('waiting for what cannot come is not waiting', 'idle' in out, out)
    s.enter('')
    s.type('\x1d' if EDITS else 'console\r')
    s.until('serial line')
    s.type('echo through the line\r')
    out = s.until('\nthrough the line')
    ok('Ctrl-] types to the guest', 'through the line' in out, out)
    s.type('\x1d')
    out = s.until('vmm> $')
    ok('and leads back', 'vmm> ' in out, out)
    s.resize(10, 30)
    s.process.send_signal(signal.SIGWINCH)
    out = s.enter('echo narrow', '\nnarrow\n')
    ok('a window that changes', 'narrow' in out, out)
    s.until('vmm> $')
    s.type('echo be')
    s.until('echo be')
    s.type('\x1a')
    end = time.monotonic() + PATIENCE
    while stopped(s.process.pid) is False and time.monotonic() < end:
        s.read()
    ok('Ctrl-Z stops it', stopped(s.process.pid))
    ok('and the terminal is the other shell\'s',
       termios.tcgetattr(s.theirs) == s.before)
    s.process.send_signal(signal.SIGCONT)
    s.type('fore\r')
    out = s.until('\nbefore\n')
    ok('and what was typed is there again', '\nbefore\n' in out, out)
    s.process.send_signal(signal.SIGTERM)
    status = s.end()
    ok('SIGTERM ends it', status == 143, status)
    ok('the terminal is as it was', s.same)


def busy_guest(state):
    s = Shell(state, guest=(HANG,))
    s.until('> $')
    out = s.enter('stop')
    ok('a guest that loops is stopped', 'stopped: at' in out, out)
    out = s.enter('regs')
    ok('and looked at', 'rip ' in out, out)
    s.enter('cont')
    s.type('expect never 1h\r')
    s.until('1h\n')
    out = s.interrupt()
    ok('Ctrl-C ends a wait', 'interrupted' in out, out)
    s.until('vmm> $')
    s.type('quit\r')
    ok('and one leaves', s.end() == 0)


def no_sequences(state):
    s = Shell(state, term='dumb')
    out = s.until('>>> \nvmm> $')
    s.type('tasks\r')
    s.until('vmm> $')
    out += s.out
    s.type('quit\r')
    ok('one leaves a terminal without control sequences', s.end() == 0)
    ok('and it was sent none', '\x1b' not in out + s.out, out + s.out)


def main():
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError as why:
        print(f'shell: skipped: no pseudo-terminals here: {why}')
        return 77
    for test in typing, above_the_line, keys, busy_guest, no_sequences:
        with tempfile.TemporaryDirectory() as state:
            test(state)
    for test in completion, history:
        with tempfile.TemporaryDirectory() as state:
            if EDITS:
                test(state)
    return failures != 0


sys.exit(main())
