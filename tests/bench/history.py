#!/usr/bin/env python3
"""What it costs to keep a history of a run, and to record it.

Usage: history.py BUILD [RUNS [WORKLOAD ...]]

Each workload of speed.elf runs plainly, with --history-mem and with --record
in turn, after one round that is not counted; the table has the medians of the
CPU time and how much more than the plain run the others take.
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
NAMES = sys.argv[3:]

# Rounds: about a second each.
WORK = {"sha256": 160000, "keccak": 30000, "multiply": 2000000,
        "sieve": 12000, "copy": 150000, "sort": 18000, "bytecode": 180000,
        "recursion": 180000, "chase": 1200}


def cpu_ms(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime -
                   before.ru_utime - before.ru_stime)


def measure(name, log):
    plain = [f"{BUILD}/bin/vmm", "boot", f"{BUILD}/tests/bench/speed.elf",
             "--accel", "sim", "--append", f"{name} {WORK[name]}"]
    ways = [plain, plain + ["--history-mem", "256M"],
            plain + ["--record", log]]
    times = [[], [], []]
    for turn in range(RUNS + 1):
        for way, taken in zip(ways, times):
            ms = cpu_ms(way)
            if turn:
                taken.append(ms)
    return [statistics.median(taken) for taken in times]


def main():
    print(f"{'ms':<12}{'plain':>9}{'history':>9}{'record':>9}"
          f"{'history':>10}{'record':>9}")
    sums = [0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES or WORK:
            plain, history, record = measure(name,
                                             os.path.join(folder, "run"))
            sums = [s + t for s, t in zip(sums, (plain, history, record))]
            print(f"{name:<12}{plain:9.0f}{history:9.0f}{record:9.0f}"
                  f"{history / plain - 1:10.1%}{record / plain - 1:9.1%}",
                  flush=True)
    plain, history, record = sums
    print(f"{'all':<12}{plain:9.0f}{history:9.0f}{record:9.0f}"
          f"{history / plain - 1:10.1%}{record / plain - 1:9.1%}")


main()
