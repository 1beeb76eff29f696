#!/usr/bin/env python3
"""How soon a Ctrl-C stops the guest under a debugger.

Usage: interrupt.py BUILD [TIMES]

From the byte that gdb sends to the first of the stop's reply, in a loop with
interrupts, in a halt that interrupts end, and in a tight loop without any.
Nothing fails by how long it takes: others may be at work on this host.
"""
import os
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../gdb"))
import client

BUILD = sys.argv[1]
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 100


def measure(c):
    times = []
    for _ in range(TIMES):
        c.send("vCont;c")
        time.sleep(0.005)  # until it runs
        start = time.monotonic()
        c.raw(b"\x03")
        if not c.get().startswith(b"T02"):
            sys.exit("it did not stop by an interrupt")
        times.append(1000 * (time.monotonic() - start))
    return sorted(times)


def show(name, times):
    print("%-24s%8.2f%8.2f%8.2f" % (
        name, statistics.median(times), times[len(times) * 9 // 10],
        times[-1]))


client.setup(os.path.join(BUILD, "bin/vmm"), BUILD,
             os.path.join(BUILD, "tests/gdb"))
print("%-24s%8s%8s%8s" % ("ms", "median", "90 %", "worst"))
for name, ending in (("loop with interrupts", 2), ("halt", 3)):
    with client.Machine(client.SUBJECT) as m:
        show(name, measure(client.at_rest(m, ending)))
with client.Machine(client.HANG) as m:
    show("tight loop", measure(client.Client(m)))
