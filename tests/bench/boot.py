#!/usr/bin/env python3
"""Start-up times of vmm beside QEMU's, as medians of runs taken in turn.

usage: boot.py BUILD [RUNS]

Each row is one workload, run under vmm's simulator (and under KVM where
`vmm` finds it fit) and under QEMU's fastest suitable configuration, one after
the other, RUNS times (default 15) after one run that is not counted.
Whole processes are timed from fork to end: wall time, and CPU time as the
operating system accounts it. `prompt` ends when ">>> " appears on the serial
line; the process is killed then. Without QEMU only vmm's columns are shown.
"""
import os
import shutil
import signal
import statistics
import subprocess
import sys
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

# What, vmm's command, QEMU's command, exit codes or the text to wait for.
ROWS = [
    ("start to exit, first instruction writes the exit port",
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


def kvm_is_fit():
    return subprocess.run(vmm("tests/guest/exit.elf", accel="kvm"),
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def measure(row, kvm):
    what, ours, theirs, end = row
    commands = {"vmm (sim)": ours}
    if kvm:
        commands["vmm (KVM)"] = [a if a != "sim" else "kvm" for a in ours]
    if theirs:
        commands["QEMU (TCG)"] = theirs
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


def main():
    kvm = kvm_is_fit()
    print(f"{RUNS} runs of each in turn; medians (least..most)")
    for row in ROWS:
        measure(row, kvm)


main()
