#!/usr/bin/env python3
"""Make devices/font9x16.c from the X11 font misc-fixed 9x15.

usage: scripts/make-font.py > devices/font9x16.c
       (needs Debian's xfonts-base; another 9x15.pcf.gz may be named)

The font is in the public domain ("Public domain font. Share and enjoy.").
Its glyphs are picked by code page 437, and one row is added below.
"""
import gzip
import struct
import sys

SOURCE = "/usr/share/fonts/X11/misc/9x15.pcf.gz"
WIDTH, HEIGHT, ROWS = 9, 15, 16
METRICS, BITMAPS, ENCODINGS = 1 << 2, 1 << 3, 1 << 5

# What the VGA's ROM font shows for the control codes, and for 7Fh.
LOW = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"


def code_page_437():
    text = LOW + bytes(range(0x20, 0x7F)).decode("ascii") + "⌂"
    return text + bytes(range(0x80, 0x100)).decode("cp437")


class Pcf:
    """As much of the format as this font uses."""

    def __init__(self, data):
        if data[:4] != b"\1fcp":
            sys.exit("make-font: not a PCF font")
        self.data = data
        count = struct.unpack_from("<I", data, 4)[0]
        entries = [struct.unpack_from("<4I", data, 8 + 16 * i)
                   for i in range(count)]
        self.at = {kind: offset for kind, _, _, offset in entries}
        self.read_metrics()
        self.read_bitmaps()
        self.read_encodings()

    def table(self, kind):
        """Its offset behind the format word, that word, the byte order."""
        offset = self.at[kind]
        form = struct.unpack_from("<I", self.data, offset)[0]
        return offset + 4, form, ">" if form & 4 else "<"

    def read_metrics(self):
        at, form, order = self.table(METRICS)
        if form & 0x100:  # compressed: bytes with an offset of 128
            count = struct.unpack_from(order + "H", self.data, at)[0]
            self.metrics = [
                [b - 0x80 for b in self.data[at + 2 + 5 * i:at + 7 + 5 * i]]
                for i in range(count)]
        else:
            count = struct.unpack_from(order + "I", self.data, at)[0]
            self.metrics = [
                struct.unpack_from(order + "5h", self.data, at + 4 + 12 * i)
                for i in range(count)]

    def read_bitmaps(self):
        at, form, order = self.table(BITMAPS)
        count = struct.unpack_from(order + "I", self.data, at)[0]
        self.offsets = struct.unpack_from(f"{order}{count}I", self.data, at + 4)
        self.bits_at = at + 4 + 4 * count + 16
        self.pad = 1 << (form & 3)  # bytes a row is padded to
        self.msb_first = bool(form & 8)

    def read_encodings(self):
        at, _, order = self.table(ENCODINGS)
        low2, high2, low1, high1, _ = struct.unpack_from(
            order + "5H", self.data, at)
        self.glyph_of = {}
        at += 10
        for high in range(low1, high1 + 1):
            for low in range(low2, high2 + 1):
                glyph = struct.unpack_from(order + "H", self.data, at)[0]
                at += 2
                if glyph != 0xFFFF:
                    self.glyph_of[high << 8 | low] = glyph

    def rows(self, code):
        """The glyph in its cell: HEIGHT rows, bit WIDTH - 1 the leftmost."""
        if code not in self.glyph_of:
            sys.exit(f"make-font: the font has no U+{code:04X}")
        glyph = self.glyph_of[code]
        left, right, _, ascent, descent = self.metrics[glyph]
        stride = -(-(right - left) // (8 * self.pad)) * self.pad
        rows = [0] * HEIGHT
        for y in range(ascent + descent):
            at = self.bits_at + self.offsets[glyph] + y * stride
            for x in range(right - left):
                bit = 7 - x % 8 if self.msb_first else x % 8
                if self.data[at + x // 8] >> bit & 1:
                    rows[12 - ascent + y] |= 1 << (WIDTH - 1 - left - x)
        return rows


def last_row(code, rows):
    """Lines and blocks go on into the cell below; letters end above it."""
    if 0x2591 <= code <= 0x2593:
        return rows[ROWS - 1 - 4]  # shades repeat every 4 rows
    return rows[-1] if 0x2500 <= code <= 0x259F else 0


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else SOURCE
    font = Pcf(gzip.open(source).read())
    print("""/*
 * font9x16.c: the glyphs of code page 437 in cells of 9x16 dots.
 *
 * Made by scripts/make-font.py from the X11 font misc-fixed 9x15 as Debian's
 * xfonts-base has it, which is in the public domain ("Public domain font.
 * Share and enjoy."). All nine columns are the font's: what the VGA does
 * with the ninth of C0h..DFh, repeat the eighth, is in the glyphs. Bit 8 of
 * a row is its leftmost dot.
 */
#include "devices/screen.h"

/* clang-format off */
const uint16_t font9x16[256][16] = {""")
    for byte, char in enumerate(code_page_437()):
        code = ord(char)
        rows = font.rows(code)
        rows.append(last_row(code, rows))
        print(f"\t{{ /* {byte:02x}: U+{code:04X} */")
        for half in (rows[:8], rows[8:]):
            print("\t\t" + " ".join(f"0x{row:03x}," for row in half))
        print("\t},")
    print("};")


main()
