#!/usr/bin/env python3
"""memory.py: a guest's memory costs the host what the guest has touched.

The most that the process has held, as the system accounts it, while touch.elf
runs: in memories of two sizes, and with 8 MiB of it written.
"""
import os
import re
import subprocess
import sys

VMM, GUEST = sys.argv[1:3]
# Under it the library writes to all that is asked for.
os.environ.pop('MALLOC_PERTURB_', None)
os.environ['VMM_CONFIG'] = ''
MIB = 1024  # in KiB
TOUCHED = 8 * MIB


def peak(size, letters):
    """KiB at the most, once the guest has touched what it shall."""
    process = subprocess.Popen(
        [VMM, 'boot', '--accel', 'sim', '-m', size, '--timeout', '300s',
         '--append', letters, GUEST],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    said = process.stdout.read(1)
    with open(f'/proc/{process.pid}/status', encoding='ascii') as status:
        held = re.search(r'VmHWM:\s*(\d+) kB', status.read())
    process.kill()
    process.wait()
    if said != b'.' or not held:
        sys.exit(f'{size}: the guest said {said}')
    return int(held.group(1))


def main():
    small, large = peak('64M', ''), peak('2G', '')
    busy = peak('64M', 'xx')
    print(f'KiB: 64M {small}, 2G {large}, {TOUCHED} of 64M touched {busy}')
    wrong = []
    if small > 16 * MIB:
        wrong.append('a guest of 64 MiB that touches nothing is not small')
    if large > small + 2 * MIB:
        wrong.append('memory that is not touched is paid for')
    if abs(busy - small - TOUCHED) > 2 * MIB:
        wrong.append('memory that is touched costs another amount')
    sys.exit('; '.join(wrong) or 0)


main()
