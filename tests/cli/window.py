#!/usr/bin/env python3
"""window.py: the window on an X server of its own, Xvfb.

usage: window.py VMM KERNEL INIT

What the server shows must be the PNG of --screenshot, dot for dot, at one and
at two times its size; keys that xdotool presses must reach the guest. Xvfb
keeps its screen in a file (XWD), which is read here.
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

VMM, KERNEL, INIT = sys.argv[1:4]
WIDTH, HEIGHT = 720, 400
SCREEN = (1600, 1000)
WORK = tempfile.mkdtemp()
failures = []

if not shutil.which('Xvfb') or not shutil.which('xdotool'):
    sys.exit(77)


def check(what, ok):
    print('ok' if ok else 'FAILED', '-', what)
    if not ok:
        failures.append(what)


def read_png(path):
    """Rows of (r, g, b); 8 bits a dot, by a palette, not interlaced."""
    data = open(path, 'rb').read()
    at, image, palette = 8, b'', b''
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            width, height, depth = struct.unpack('>IIB', body[:9])
        elif kind == b'PLTE':
            palette = body
        elif kind == b'IDAT':
            image += body
        at += 12 + length
    raw = zlib.decompress(image)
    pitch = width * depth // 8
    rows, before = [], bytes(pitch)
    for y in range(height):
        line = raw[y * (pitch + 1):(y + 1) * (pitch + 1)]
        before = unfilter(line[0], bytearray(line[1:]), before)
        rows.append([palette[3 * i:3 * i + 3]
                     for i in split(before, depth)])
    return rows


def unfilter(kind, line, before):
    for i in range(len(line)):
        left = line[i - 1] if i else 0
        corner = before[i - 1] if i else 0
        up = before[i]
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda c: abs(guess - c))
        line[i] = (line[i] + (0, left, up, (left + up) // 2,
                              paeth)[kind]) & 255
    return bytes(line)


def split(line, depth):
    for byte in line:
        for shift in range(8 - depth, -1, -depth):
            yield byte >> shift & ((1 << depth) - 1)


def screen():
    """The server's screen: rows of bytes, four a dot: b, g, r, unused."""
    data = open(os.path.join(WORK, 'Xvfb_screen0'), 'rb').read()
    head = struct.unpack('>25I', data[:100])
    pitch, colours = head[12], head[19]
    at = head[0] + 12 * colours
    return [data[at + y * pitch:at + (y + 1) * pitch]
            for y in range(SCREEN[1])]


def find(shown, wanted, scale):
    """Is the picture somewhere on the screen?"""
    rows = [b''.join(bytes((c[2], c[1], c[0], 0)) * scale for c in row)
            for row in wanted]
    first = max(range(HEIGHT), key=lambda y: len(set(rows[y][i:i + 4]
                for i in range(0, len(rows[y]), 4))) * 1000 +
                rows[y].count(b'\xaa'))
    mask = [b''.join(line[i:i + 3] + b'\0' for i in range(0, len(line), 4))
            for line in shown]
    for y in range(first * scale, SCREEN[1]):
        x = mask[y].find(rows[first])
        top = y - first * scale
        while x >= 0 and x % 4 == 0 and top + HEIGHT * scale <= SCREEN[1]:
            if all(mask[top + j][x:x + len(rows[0])] == rows[j // scale]
                   for j in range(HEIGHT * scale)):
                return True
            x = mask[y].find(rows[first], x + 1)
    return False


def xdotool(*words):
    return subprocess.run(['xdotool', *words], capture_output=True,
                          text=True).stdout


def wait(for_what):
    end = time.monotonic() + 300  # others may be at work on this host
    while time.monotonic() < end:
        found = for_what()
        if found:
            return found
        time.sleep(0.1)
    return None


def settled(dots):
    """The screen, once so much of it is lit and it does not change."""
    shown = screen()
    lit = sum(len(line) - line.count(0) for line in shown) // 3
    time.sleep(0.5)
    return shown if lit > dots and shown == screen() else None


def start_server():
    read, write = os.pipe()
    server = subprocess.Popen(
        ['Xvfb', '-displayfd', str(write), '-fbdir', WORK, '-screen', '0',
         '%dx%dx24' % SCREEN, '-nolisten', 'tcp', '-r'], pass_fds=[write],
        stderr=subprocess.DEVNULL)
    os.close(write)
    number = os.read(read, 10).decode().strip()
    if not number:
        print('skipped: Xvfb does not start here')
        shutil.rmtree(WORK)
        sys.exit(77)
    os.environ['DISPLAY'] = ':' + number
    os.environ['VMM_CONFIG'] = ''
    os.environ.pop('SDL_VIDEODRIVER', None)
    return server


def forgive_dbus():
    """SDL's libdbus leaks a kilobyte; no leak of ours is overlooked."""
    known = os.path.join(WORK, 'leaks')
    with open(known, 'w') as f:
        f.write('leak:libdbus-1.so\n')
    os.environ['LSAN_OPTIONS'] = f'suppressions={known}:print_suppressions=0'


def run(scale):
    picture = os.path.join(WORK, 'picture.png')
    vmm = subprocess.Popen(
        [VMM, 'boot', KERNEL, '--init', INIT, '--accel', 'sim', '--display',
         'sdl', '--serial', 'null', '--screenshot', picture, '--timeout',
         '600s'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    window = wait(lambda: xdotool('search', '--name',
                                  'kernel.elf: idle - vmm').strip())
    check('a window whose title says what is going on', window)
    if not window:
        vmm.kill()
        print(vmm.communicate()[1])
        return
    if scale > 1:
        xdotool('windowmove', window, '0', '0')
        xdotool('windowsize', window, str(WIDTH * scale + 60),
                str(HEIGHT * scale + 30))
    xdotool('mousemove', '--window', window, '20', '20')
    xdotool('windowfocus', '--sync', window)
    xdotool('type', '--delay', '60', 'help')
    xdotool('key', 'Return')
    shown = wait(lambda: settled(10000 * scale * scale)) or screen()
    vmm.terminate()
    said = vmm.communicate(timeout=300)[1]
    check(f'ended by the signal: {vmm.returncode}', vmm.returncode == 143)
    check('nothing but that was said', said.count('\n') == 1)
    wanted = read_png(picture)
    check('keys came through: help fills the screen',
          any(bytes(c) != bytes(3) for row in wanted[200:] for c in row))
    check(f'the window shows the picture, {scale} times as large',
          find(shown, wanted, scale))


server = start_server()
forgive_dbus()
try:
    run(1)
    os.environ['LC_ALL'] = 'C'  # where keys are converted by a module
    run(2)
finally:
    server.terminate()
    server.wait()
    shutil.rmtree(WORK)
sys.exit(1 if failures else 0)
