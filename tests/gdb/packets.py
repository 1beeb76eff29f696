#!/usr/bin/env python3
"""packets.py: how many packets gdb sends, from connecting to the end, for
`hbreak', two `continue', `finish', three `next': packets.py VMM IMAGES GUESTS.
Over a slow line that is how long they take. The simulator's runs are always
the same, so that the numbers are."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 120
COMMANDS = "hbreak %s\ncontinue\ncontinue\nfinish\nnext\nnext\nnext\nkill\n"


def session(vmm, function, *args):
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write(COMMANDS % function)
        file.flush()
        run = subprocess.run(
            [vmm, "gdb", *args, "--accel", "sim", "--", "-nx", "-batch",
             "-iex", "set debug remote 1", "-x", file.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=250,
            env=dict(os.environ, VMM_CONFIG="", LC_ALL="C", TERM="dumb"))
    out = run.stdout.decode(errors="replace")
    # All of it took place: two `continue' and the finish, then the steps.
    done = (out.count("$vCont;c:") >= 3 and "Error in sourced" not in out and
            len(re.findall(r"\$vCont;[rs]", out)) >= 3)
    return out.count("Sending packet: $"), done, out


def main():
    vmm, images, guests = sys.argv[1:4]
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        print("no gdb here")
        return 77
    failed = False
    for function, args in (
            ("fib", [os.path.join(guests, "subject.elf")]),
            ("syscall_handle",
             [os.path.join(images, "kernel.elf"), "--init",
              os.path.join(images, "rinit.elf"), "--type", "x\\n"])):
        count, done, out = session(vmm, function, *args)
        print("%s: %d packets" % (function, count))
        if not done or not 20 < count <= LIMIT:
            print(out)
            failed = True
    return failed


sys.exit(main())
