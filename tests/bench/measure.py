"""What the benchmarks share: commands of vmm and QEMU, timing one run."""
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
QEMU = shutil.which("qemu-system-x86_64")

MICROVM = ["-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=off,"
           "auto-kernel-cmdline=off"]
PC = ["-M", "pc"]
EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
TEST_EXIT = ["-device", "isa-debug-exit,iobase=0x501,iosize=2"]


def image(name):
    return os.path.join(BUILD, name)


def vmm(kernel, *args, accel="sim"):
    return [image("bin/vmm"), "boot", "--accel", accel, image(kernel), *args]


def qemu_bare(*args):
    return [QEMU, "-accel", "tcg", *args, "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot"]


def qemu(machine, kernel, *args):
    return [*qemu_bare(*machine), "-serial", "stdio",
            "-kernel", image(kernel), *args]


def wait_for(process, text):
    seen = b""
    while text not in seen:
        part = os.read(process.stdout.fileno(), 4096)
        if not part:
            sys.exit(f"no {text!r} from {process.args}: {seen!r}")
        seen += part
    process.send_signal(signal.SIGKILL)
    return seen


def read_all(process):
    seen = b""
    while part := os.read(process.stdout.fileno(), 65536):
        seen += part
    return seen


def once(command, end):
    """One run: its milliseconds (wall, CPU), and what it wrote.

    `end` is the exit codes to expect, or the text to kill it after.
    """
    start = time.perf_counter()
    # A pipe that stays open: the guest may wait for input for ever.
    process = subprocess.Popen(command, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    killed = isinstance(end, bytes)
    seen = wait_for(process, end) if killed else read_all(process)
    if killed:
        wall = time.perf_counter() - start
    _, status, usage = os.wait4(process.pid, 0)
    if not killed:
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in end:
            sys.exit(f"exit status {status:#x} from {' '.join(command)}")
    process.returncode = 0
    process.stdin.close()
    process.stdout.close()
    return (wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3), seen


def in_turn(commands, end, runs):
    """Times of each named command, one after the other, `runs` times.

    One run more comes first and is not counted.
    """
    samples = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            sample, _ = once(command, end)
            if run:
                samples[name].append(sample)
    return samples


def medians(samples):
    return [statistics.median(column) for column in zip(*samples)]


def instructions(command):
    """How many the simulator retires."""
    said = subprocess.run([*command, "--stats"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True).stderr
    return int(re.search(r"instructions (\d+)", said).group(1))
