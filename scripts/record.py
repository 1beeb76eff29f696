#!/usr/bin/env python3
"""record.py: a session in a terminal, as an SVG that plays by itself.

usage: record.py SCRIPT OUT.svg COLUMNS ROWS COMMAND...

COMMAND runs in a pseudo-terminal of its own; each line of SCRIPT is typed into
it, a key at a time ("wait N" pauses for N seconds of the film, "<TAB>" is that
key). What comes back goes to a small terminal of our own. The film has a clock
of its own, so that equal sessions give equal files: a key takes 70 ms, an
answer 400 ms.

The picture has each line of each row once, with the time that it is shown. The
last screen is what viewers without animation see.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from html import escape

KEY, ANSWER, READ, END = 0.07, 0.4, 1.6, 5.0
PATIENCE = 20
CELL_W, CELL_H, FONT, PAD, BAR = 8.4, 18, 14, 14, 34
COLOURS = {30: '#6e7681', 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341',
           34: '#79c0ff', 35: '#d2a8ff', 36: '#76e3ea', 37: '#e6edf3'}
PLAIN, BACK, FRAME = '#d0d7de', '#0d1117', '#161b22'


class Terminal:
    """As much of one as a shell and readline need."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[(' ', '')] * columns for _ in range(rows)]
        self.x = self.y = 0
        self.style = ''
        self.rest = ''

    def feed(self, text):
        text = self.rest + text
        self.rest = ''
        at = 0
        while at < len(text):
            match = re.match(r'\x1b\[([?0-9;]*)([@-~])', text[at:])
            if match:
                self.sequence(match[1], match[2])
                at += match.end()
            elif text[at] == '\x1b' and len(text) - at < 16:
                self.rest = text[at:]
                return
            else:
                self.character(text[at])
                at += 1

    def character(self, c):
        if c == '\n':
            self.y += 1
        elif c == '\r':
            self.x = 0
        elif c == '\b':
            self.x = max(self.x - 1, 0)
        elif c >= ' ':
            if self.x == self.columns:
                self.x, self.y = 0, self.y + 1
                self.scroll()
            self.cells[self.y][self.x] = (c, self.style)
            self.x += 1
        self.scroll()

    def scroll(self):
        if self.y == self.rows:
            self.y -= 1
            self.cells = self.cells[1:] + [[(' ', '')] * self.columns]

    def sequence(self, parameters, final):
        numbers = [int(n or 0) for n in parameters.split(';')
                   if not n.startswith('?')]
        count = max(numbers[0], 1) if numbers else 1
        row = self.cells[self.y]
        if final == 'm':
            for n in numbers or [0]:
                self.colour(n)
        elif final == 'K':
            row[self.x:] = [(' ', '')] * (self.columns - self.x)
        elif final == 'C':
            self.x = min(self.x + count, self.columns - 1)
        elif final == 'D':
            self.x = max(self.x - count, 0)
        elif final == 'A':
            self.y = max(self.y - count, 0)
        elif final == 'P':
            row[self.x:] = row[self.x + count:] + [(' ', '')] * count
            del row[self.columns:]
        elif final == '@':
            row[self.x:self.x] = [(' ', '')] * count
            del row[self.columns:]

    def colour(self, n):
        if n == 0:
            self.style = ''
        elif n == 1:
            self.style += 'b'
        elif n == 2:
            self.style += 'd'
        elif 30 <= n <= 37:
            self.style = re.sub(r'\d+', '', self.style) + str(n)

    def screen(self):
        """Each row as a tuple of (text, style), and the cursor."""
        return [self.runs(row) for row in self.cells] + [(self.x, self.y)]

    def runs(self, row):
        runs = []
        for c, style in row:
            if runs and runs[-1][1] == style:
                runs[-1][0] += c
            else:
                runs.append([c, style])
        while runs and not runs[-1][0].strip():
            runs.pop()
        return tuple((text, style) for text, style in runs)


class Session:
    def __init__(self, columns, rows, command):
        self.terminal = Terminal(columns, rows)
        self.frames, self.now = [], 0.0
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack('4H', rows, columns, 0, 0))

    def read(self, quiet, done=None):
        """Until nothing more comes, on a host that may be busy."""
        end = time.monotonic() + PATIENCE
        came = False
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], quiet)[0]:
                if came and (not done or done()):
                    break
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            came = True
            self.terminal.feed(data.decode('utf-8', 'replace'))
        self.frames.append((self.now, self.terminal.screen()))

    def at_prompt(self):
        t = self.terminal
        row = ''.join(c for c, _ in t.cells[t.y][:t.x])
        return re.fullmatch(r'\w*[$#>] ', row)

    def type(self, line):
        for key in re.findall(r'<TAB>|.', line):
            os.write(self.fd, b'\t' if key == '<TAB>' else key.encode())
            self.now += KEY
            self.read(0.05)
        self.now += ANSWER
        os.write(self.fd, b'\r')
        self.read(0.8, self.at_prompt)
        self.now += READ


def style_of(style):
    number = re.search(r'\d+', style)
    text = ''
    if number:
        text += f' fill="{COLOURS[int(number[0])]}"'
    elif 'd' in style:
        text += ' fill="#8b949e"'
    if 'b' in style:
        text += ' font-weight="bold"'
    return text


def line(runs, y):
    """A row's text; each run is stretched to its cells."""
    out, x = [], 0
    for text, style in runs:
        if text.strip():
            lead = len(text) - len(text.lstrip())
            word = text.strip()
            out.append(f'<text x="{PAD + (x + lead) * CELL_W:.1f}" y="{y}" '
                       f'textLength="{len(word) * CELL_W:.1f}"'
                       f'{style_of(style)}>{escape(word)}</text>')
        x += len(text)
    return ''.join(out)


def timed(content, begin, end, total):
    """Shown from begin to end; for ever in the last screen."""
    if begin <= 0 and end >= total:
        return f'<g>{content}</g>'
    if end >= total:
        return (f'<g>{content}<set attributeName="visibility" to="hidden" '
                f'begin="t.begin" dur="{begin:.2f}s"/></g>')
    return (f'<g visibility="hidden">{content}<set '
            f'attributeName="visibility" to="visible" '
            f'begin="t.begin+{begin:.2f}s" dur="{end - begin:.2f}s"/></g>')


def intervals(frames, total):
    """(row, what is there, from, to): each line as long as it stays."""
    count = len(frames[0][1])
    for row in range(count):
        begin, shown = 0.0, None
        for now, screen in frames + [(total, [None] * count)]:
            if screen[row] == shown:
                continue
            if shown is not None and now > begin:
                yield row, shown, begin, now
            begin, shown = now, screen[row]


def draw(frames, columns, rows, total):
    width = round(2 * PAD + columns * CELL_W)
    height = BAR + rows * CELL_H + PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
           f'height="{height}" viewBox="0 0 {width} {height}" '
           f'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\','
           f' monospace" font-size="{FONT}" fill="{PLAIN}" '
           f'xml:space="preserve">',
           f'<rect width="{width}" height="{height}" rx="8" fill="{BACK}"/>',
           f'<path d="M0 {BAR - 8}V8a8 8 0 0 1 8-8h{width - 16}a8 8 0 0 1 8 8'
           f'v{BAR - 16}z" fill="{FRAME}"/>']
    for i, colour in enumerate(('#ff7b72', '#e3b341', '#7ee787')):
        out.append(f'<circle cx="{18 + 18 * i}" cy="13" r="5" '
                   f'fill="{colour}"/>')
    out.append(f'<rect width="0" height="0"><animate id="t" '
               f'attributeName="x" from="0" to="0" begin="0s;t.end" '
               f'dur="{total:.2f}s"/></rect>')
    for row, shown, begin, end in intervals(frames, total):
        if row == rows:
            x, y = shown
            content = (f'<rect x="{PAD + x * CELL_W:.1f}" '
                       f'y="{BAR + y * CELL_H + 2}" width="{CELL_W}" '
                       f'height="{CELL_H - 2}" fill-opacity="0.6"/>')
        else:
            content = line(shown, BAR + row * CELL_H + 14)
        if content:
            out.append(timed(content, begin, end, total))
    out.append('</svg>\n')
    return '\n'.join(out)


def main():
    script, path, columns, rows = sys.argv[1:5]
    columns, rows = int(columns), int(rows)
    session = Session(columns, rows, sys.argv[5:])
    session.read(0.5, session.at_prompt)
    session.now += 1
    for text in open(script, encoding='utf-8'):
        text = text.rstrip('\n')
        if text.startswith('wait '):
            session.now += float(text.split()[1])
        elif text:
            session.type(text)
    total = session.now + END
    with open(path, 'w', encoding='utf-8') as out:
        out.write(draw(session.frames, columns, rows, total))


main()
