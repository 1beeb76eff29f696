#!/usr/bin/env python3
"""vmm's times beside QEMU's, as medians of runs taken in turn.

usage: peers.py BUILD [RUNS]

Each row is one start, under vmm's simulator (and under KVM where `vmm` finds
it fit) and under QEMU's fastest suitable configuration, one after the other,
RUNS times (default 15) after one run that is not counted. Whole processes are
timed from fork to end: wall time, and CPU time as the operating system
accounts it. `prompt` ends when ">>> " appears on the serial line; the process
is killed then. `vmm alone` prints its version: the host loads the program.
Without QEMU only vmm's columns are shown.
"""
import os
import subprocess
import sys
import tempfile

from measure import (EXIT, MICROVM, PC, QEMU, TEST_EXIT, image, in_turn,
                     medians, qemu, qemu_bare, vmm)

RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 15
PROMPT = b">>> "
START_TO_EXIT = "start to exit, first instruction writes the exit port"

# What, vmm's command, QEMU's command, exit codes or the text to wait for.
ROWS = [
    (START_TO_EXIT,
     vmm("tests/guest/exit.elf"),
     QEMU and qemu(MICROVM, "tests/guest/exit.elf", *EXIT), (0, 33)),
    ("start to rinit's prompt",
     vmm("kernel.elf", "--init", image("rinit.elf")),
     QEMU and qemu(PC, "kernel.elf", "-initrd", image("rinit.elf"),
                   *TEST_EXIT), PROMPT),
    ("start to the end of the EVM init",
     vmm("kernel.elf", "--init", image("evm-init.elf")),
     QEMU and qemu(PC, "kernel.elf", "-initrd", image("evm-init.elf"),
                   *TEST_EXIT), (0, 99)),
]


def qemu_rom(folder):
    """QEMU's floor: no loader; a ROM whose reset vector is the guest."""
    rom = os.path.join(folder, "rom.bin")
    reset = b"\xb0\x10\xe6\xf4\xf4"  # mov al, 10h; out 0f4h, al; hlt
    with open(rom, "wb") as file:
        file.write((b"\xf4" * 0xfff0 + reset).ljust(0x10000, b"\xf4"))
    return [*qemu_bare(*MICROVM), "-m", "4", "-bios", rom, *EXIT]


def kvm_is_fit():
    return subprocess.run(vmm("tests/guest/exit.elf", accel="kvm"),
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def measure(row, kvm, folder):
    what, ours, theirs, end = row
    commands = {"vmm (sim)": ours}
    if kvm:
        commands["vmm (KVM)"] = [a if a != "sim" else "kvm" for a in ours]
    if theirs:
        commands["QEMU (TCG)"] = theirs
    if what == START_TO_EXIT:
        commands["vmm alone"] = [ours[0], "--version"]
        if theirs:
            commands["QEMU (ROM)"] = qemu_rom(folder)
    samples = in_turn(commands, end, RUNS)
    print(f"\n{what}")
    base = medians(samples["vmm (sim)"])
    for name, taken in samples.items():
        wall, cpu = medians(taken)
        low, high = min(t[0] for t in taken), max(t[0] for t in taken)
        print(f"  {name:<11} wall {wall:8.2f} ms ({low:.2f}..{high:.2f})"
              f"   CPU {cpu:8.2f} ms   wall ratio to sim"
              f" {wall / base[0]:6.2f}")


def main():
    kvm = kvm_is_fit()
    print(f"{RUNS} runs of each in turn; medians (least..most)")
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            measure(row, kvm, folder)


main()
