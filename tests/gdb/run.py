#!/usr/bin/env python3
"""run.py: sessions of the real gdb: run.py VMM IMAGES GUESTS SESSION...

A session is a file of gdb commands. Its comments say how and what for:
	# run: ARGS	what follows `vmm gdb'; {images} and {guests} are folders
	# alone: ARGS	the same, without the helper script
	#= REGEX	a line that must come, in this order
	#! REGEX	a line that must not come at all
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile


def read(path):
    args, want, never = None, [], []
    for line in open(path):
        if line.startswith("# run:"):
            args = line[6:].split()
        elif line.startswith("#= "):
            want.append(line[3:].rstrip("\n"))
        elif line.startswith("#! "):
            never.append(line[3:].rstrip("\n"))
    return args, want, never


def session(vmm, images, guests, path):
    args, want, never = read(path)
    args = [a.format(images=images, guests=guests) for a in args]
    command = [vmm, "gdb"] + args + ["--", "-nx", "-batch", "-x", path]
    env = dict(os.environ, VMM_CONFIG="", LC_ALL="C", TERM="dumb")
    try:
        run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=60)
        out = run.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        return "not ended after a minute", (e.stdout or b"").decode(errors="replace")
    lines = out.replace("\r", "").split("\n")
    at = 0
    for regex in want:
        while at < len(lines) and not re.search(regex, lines[at]):
            at += 1
        if at == len(lines):
            return "no line like: " + regex, out
        at += 1
    for regex in never:
        if re.search(regex, out, re.M):
            return "a line like: " + regex, out
    return None, out


def main():
    vmm, images, guests = sys.argv[1:4]
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        print("no gdb here")
        return 77
    failed = 0
    for path in sys.argv[4:]:
        why, out = session(vmm, images, guests, path)
        name = os.path.basename(path)
        print("%s: %s" % (name, why or "ok"))
        if why:
            failed += 1
            print("\n".join("    " + line for line in out.split("\n")))
    return 1 if failed else 0


sys.exit(main())
