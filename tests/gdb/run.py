#!/usr/bin/env python3
"""run.py: sessions of the real gdb: run.py VMM IMAGES GUESTS SESSION...

A session is a file of gdb commands. Its comments say how and what for:
	# run: ARGS	what follows `vmm gdb'; {images} and {guests} are folders,
			{accel} is ACCEL of the environment, or sim
	# doc: FILE	the commands are those behind "(gdb) " in the first
			block of FILE that begins with this session's command
			line; all other lines of it must come, but for numbers
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

ACCEL = os.environ.get("ACCEL", "sim")
PATIENCE = 250  # seconds; what takes longer hangs, however busy the host is


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


def pattern(line):
    """A line of a transcript: addresses and long numbers may be others."""
    line = re.escape(line.strip())
    line = re.sub(r"0x[0-9a-f]{5,}", "0x[0-9a-f]+", line)
    line = re.sub(r"(?<![x0-9a-f])[0-9]{5,}", "[0-9]+", line)
    return line.replace(r"\.\.\.", ".*")


def transcript(path, want):
    """The commands of a session in a document, and what they show."""
    for line in open(path):
        if line.startswith("# doc: "):
            path = os.path.join(os.path.dirname(path), line[7:].strip())
            break
    text = re.search(r"^    \$ vmm gdb.*?(?=^\S)", open(path).read(),
                     re.S | re.M)[0]
    commands = []
    for line in text.split("\n")[1:]:
        line = line[4:]
        if line.startswith("(gdb) "):
            commands.append(line[6:])
        elif line.strip():
            want.append(pattern(line))
    file = tempfile.NamedTemporaryFile("w", suffix=".gdb")
    file.write("\n".join(c for c in commands if c != "quit") + "\n")
    file.flush()
    return file


def session(vmm, images, guests, path):
    args, want, never = read(path)
    file = None
    if "\n# doc: " in open(path).read():
        file = transcript(path, want)
        path = file.name
    args = [a.format(images=images, guests=guests, accel=ACCEL) for a in args]
    command = [vmm, "gdb"] + args + ["--", "-nx", "-batch", "-x", path]
    env = dict(os.environ, VMM_CONFIG="", LC_ALL="C", TERM="dumb",
               IMAGES=images)
    try:
        run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=PATIENCE)
        out = run.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        return "not ended after %d s" % PATIENCE, (e.stdout or b"").decode(errors="replace")
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
