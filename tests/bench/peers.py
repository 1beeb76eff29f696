#!/usr/bin/env python3
"""vmm's times beside QEMU's, as medians of runs taken in turn.

usage: peers.py BUILD [RUNS]

Each row is one workload, run under vmm's simulator (and under KVM where
`vmm` finds it fit) and under QEMU's fastest suitable configuration, one after
the other, RUNS times (default 15) after one run that is not counted.
Whole processes are timed from fork to end: wall time, and CPU time as the
operating system accounts it. `prompt` ends when ">>> " appears on the serial
line; the process is killed then. The last row is one workload of 256-bit
multiplication, keccak-f[1600] and heap sort, the same source compiled for the
guest and for the host; the instructions are counted by the simulator. Without
QEMU only vmm's columns are shown.
"""
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 15
QEMU = shutil.which("qemu-system-x86_64")


def image(name):
    return os.path.join(BUILD, name)


def vmm(kernel, *args, accel="sim"):
    return [image("bin/vmm"), "boot", "--accel", accel, image(kernel), *args]


def qemu(machine, kernel, *args):
    return [QEMU, "-accel", "tcg", *machine, "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", image(kernel), *args]


MICROVM = ["-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=off,"
           "auto-kernel-cmdline=off"]
PC = ["-M", "pc"]
EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
TEST_EXIT = ["-device", "isa-debug-exit,iobase=0x501,iosize=2"]
PROMPT = b">>> "

START_TO_EXIT = "start to exit, first instruction writes the exit port"
WORKLOAD = "256-bit multiplication, keccak, heap sort"

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
    (WORKLOAD,
     vmm("tests/bench/mips.elf"),
     QEMU and qemu(MICROVM, "tests/bench/mips.elf", *EXIT), (0, 33)),
]


def wait_for(process, text):
    seen = b""
    while text not in seen:
        part = os.read(process.stdout.fileno(), 4096)
        if not part:
            sys.exit(f"no {text!r} from {process.args}: {seen!r}")
        seen += part
    process.send_signal(signal.SIGKILL)


def once(command, end):
    """One run: (wall, CPU) in milliseconds."""
    start = time.perf_counter()
    # A pipe that stays open: the guest may wait for input for ever.
    process = subprocess.Popen(command, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    if isinstance(end, bytes):
        wait_for(process, end)
        wall = time.perf_counter() - start
        usage = os.wait4(process.pid, 0)[2]
    else:
        while os.read(process.stdout.fileno(), 65536):
            pass
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in end:
            sys.exit(f"exit status {status:#x} from {' '.join(command)}")
    process.returncode = 0
    process.stdin.close()
    process.stdout.close()
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def medians(samples):
    return [statistics.median(column) for column in zip(*samples)]


def qemu_rom(folder):
    """QEMU's floor: no loader; a ROM whose reset vector is the guest."""
    rom = os.path.join(folder, "rom.bin")
    reset = b"\xb0\x10\xe6\xf4\xf4"  # mov al, 10h; out 0f4h, al; hlt
    with open(rom, "wb") as file:
        file.write((b"\xf4" * 0xfff0 + reset).ljust(0x10000, b"\xf4"))
    return [QEMU, "-accel", "tcg", *MICROVM, "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-m", "4", "-bios", rom, *EXIT]


def instructions(command):
    """How many the simulator retires, in millions."""
    said = subprocess.run([*command, "--stats"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True).stderr
    return int(re.search(r"instructions (\d+)", said).group(1)) / 1e6


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
    if theirs and what == START_TO_EXIT:
        commands["QEMU (ROM)"] = qemu_rom(folder)
    if what == WORKLOAD:
        commands["native"] = [image("tests/bench/mips-native")]
    samples = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, command in commands.items():
            sample = once(command, end)
            if run:
                samples[name].append(sample)
    print(f"\n{what}")
    base = medians(samples["vmm (sim)"])
    for name, taken in samples.items():
        wall, cpu = medians(taken)
        low, high = min(t[0] for t in taken), max(t[0] for t in taken)
        print(f"  {name:<11} wall {wall:8.2f} ms ({low:.2f}..{high:.2f})"
              f"   CPU {cpu:8.2f} ms   wall ratio to sim"
              f" {wall / base[0]:6.2f}")
    if what == WORKLOAD:
        count = instructions(ours)
        print(f"  {count:.1f} M instructions:"
              f" {count / base[1] * 1e3:.0f} MIPS on sim")


def main():
    kvm = kvm_is_fit()
    print(f"{RUNS} runs of each in turn; medians (least..most)")
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            measure(row, kvm, folder)


main()
