#!/usr/bin/env python3
"""The simulator's speed beside QEMU's and the host's, in one run.

usage: speed.py BUILD [RUNS [NAME...]]

The guest speed.elf does one workload or one event of the processor's, so and
so often; the workloads are the same source compiled for the host as well.
Each is run natively, under vmm's simulator and under QEMU TCG with one CPU,
one after the other, RUNS times (default 5) after one run that is not counted.
CPU time, medians, and of each the time of a run of zero rounds is subtracted.
Instructions are counted by the simulator, as the difference of the same two
runs. All must print the same sum.
"""
import math
import sys

from measure import (EXIT, QEMU, image, in_turn, instructions, medians, once,
                     qemu, vmm)

RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
NAMES = sys.argv[3:]

# Rounds: a tenth of a second or more under the simulator.
WORK = {"sha256": 20000, "keccak": 4000, "multiply": 300000, "sieve": 1500,
        "copy": 20000, "sort": 3000, "bytecode": 25000, "recursion": 25000,
        "chase": 200}
EVENTS = {
    "syscall": ("SYSCALL from ring 3 + SYSRET", 2000000),
    "int": ("INT 80h from ring 3 + IRETQ", 500000),
    "fault": ("#PF + IRETQ", 500000),
    "gp": ("#GP + IRETQ", 500000),
    "ud": ("UD2 + IRETQ", 500000),
    "map": ("PTE cleared + #PF + mapped + touch", 200000),
    "call": ("CALL + RET", 10000000),
    "cr3": ("CR3 switch + 16 pages touched", 50000),
    "invlpg": ("PTE write + INVLPG + touch", 500000),
    "port": ("OUTB + INB", 1000000),
    "mmio": ("MMIO write + read", 500000),
    "cpuid": ("CPUID", 10000000),
    "rdtsc": ("RDTSC", 10000000),
    "patch": ("write to code, then run it", 30000),
    "cold": ("first run of 16 instructions", 100000),
    "movsb": ("REP MOVSB of 4 KiB", 20000),
    "stosq": ("REP STOSQ of 4 KiB", 100000),
}
MICROVM = ["-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=on,"
           "auto-kernel-cmdline=off"]
ENDS = (0, 33)


def commands(name, rounds, native):
    text = f"{name} {rounds}"
    made = {"sim": vmm("tests/bench/speed.elf", "--append", text)}
    if QEMU:
        made["TCG"] = qemu(MICROVM, "tests/bench/speed.elf", "-append", text,
                           *EXIT)
    if native:
        made["native"] = [image("tests/bench/speed-native"), name, str(rounds)]
    return made


def check_sums(made):
    sums = {engine: once(command, ENDS)[1].strip()
            for engine, command in made.items()}
    if len(set(sums.values())) != 1:
        sys.exit(f"different results: {sums}")


def measure(name, rounds, native):
    """Milliseconds by engine, and the instructions."""
    full = commands(name, rounds, native)
    empty = commands(name, 0, native)
    check_sums(full)
    with_work = in_turn(full, ENDS, RUNS)
    without = in_turn(empty, ENDS, RUNS)
    times = {engine: medians(with_work[engine])[1] -
             medians(without[engine])[1] for engine in full}
    return times, instructions(full["sim"]) - instructions(empty["sim"])


def print_row(name, speeds):
    cells = "".join(f"{speeds[e]:9.0f}" if e in speeds else f"{'-':>9}"
                    for e in ("native", "TCG", "sim"))
    ratios = "".join(f"{speeds[e] / speeds['sim']:11.2f}"
                     for e in ("native", "TCG") if e in speeds)
    print(f"{name:<12}{cells}{ratios}", flush=True)


def workloads(names):
    print(f"\n{'MIPS':<12}{'native':>9}{'TCG':>9}{'sim':>9}"
          f"{'native/sim':>11}{'TCG/sim':>11}")
    logs = {}
    for name in names:
        times, count = measure(name, WORK[name], True)
        speeds = {e: count / t / 1e3 for e, t in times.items()}
        for engine, speed in speeds.items():
            logs.setdefault(engine, []).append(math.log(speed))
        print_row(name, speeds)
    print_row("geomean", {e: math.exp(sum(v) / len(v))
                          for e, v in logs.items()})


def events(names):
    print(f"\n{'ns each':<36}{'TCG':>9}{'sim':>9}{'TCG/sim':>9}"
          f"{'instructions':>14}")
    for name in names:
        what, rounds = EVENTS[name]
        times, count = measure(name, rounds, False)
        ns = {e: t * 1e6 / rounds for e, t in times.items()}
        tcg = f"{ns['TCG']:9.0f}" if QEMU else f"{'-':>9}"
        ratio = f"{ns['TCG'] / ns['sim']:9.2f}" if QEMU else f"{'-':>9}"
        print(f"{what:<36}{tcg}{ns['sim']:9.0f}{ratio}"
              f"{count / rounds:14.1f}", flush=True)


def main():
    print(f"{RUNS} runs of each in turn; medians of CPU time")
    some_work = [n for n in WORK if not NAMES or n in NAMES]
    some_events = [n for n in EVENTS if not NAMES or n in NAMES]
    if some_work:
        workloads(some_work)
    if some_events:
        events(some_events)


main()
