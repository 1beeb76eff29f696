"""client.py: a machine with a stub at a socket, and a client that speaks its
packets: for protocol.py and the benchmark. setup() says where things are."""

import os
import re
import socket
import subprocess
import tempfile

ACCEL = os.environ.get("ACCEL", "sim")
PATIENCE = 100  # seconds; what takes longer hangs, however busy the host is


class Failed(Exception):
    """The machine did not do what all else rests on."""


def setup(vmm, images, guests):
    global VMM, SUBJECT, HANG, KERNEL, RINIT
    VMM = vmm
    SUBJECT = os.path.join(guests, "subject.elf")
    HANG = os.path.join(images, "tests/guest/hang.elf")
    KERNEL = os.path.join(images, "kernel.elf")
    RINIT = os.path.join(images, "rinit.elf")


class Machine:
    """vmm boot with a stub at a socket of its own."""

    def __init__(self, kernel, *args):
        # A socket's name has room for 107 bytes.
        room = len(tempfile.gettempdir()) < 80
        self.folder = tempfile.TemporaryDirectory(dir=None if room else "/tmp")
        self.path = os.path.join(self.folder.name, "s")
        self.process = subprocess.Popen(
            [VMM, "boot", kernel, "--gdb", "unix:" + self.path, "--accel",
             ACCEL, "--serial", "null", "--timeout", "%ds" % (4 * PATIENCE)] + list(args),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=dict(os.environ, VMM_CONFIG=""))
        line = b" "
        while line and b"waits" not in line: # others may come first
            line = self.process.stdout.readline()
        if b"waits" not in line:
            raise Failed("does not wait: %r" % line)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def ended(self):
        try:
            out = self.process.communicate(timeout=PATIENCE)[0]
        except subprocess.TimeoutExpired:
            return None, ""
        return self.process.returncode, out.decode(errors="replace")


class Client:
    def __init__(self, machine, no_ack=True):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(machine.path)
        self.s.settimeout(PATIENCE)
        self.buf = b""
        self.no_ack = False
        if no_ack:
            if self.ask("QStartNoAckMode") != b"OK":
                raise Failed("no no-ack mode")
            self.no_ack = True

    def close(self):
        self.s.close()

    def raw(self, data):
        self.s.sendall(data)

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        escaped = re.sub(rb"[#$}]", lambda m: b"}" + bytes([m[0][0] ^ 0x20]),
                         data)
        self.raw(b"$" + escaped + b"#%02x" % (sum(escaped) % 256))

    def get(self):
        """The next packet; None when the stub has closed."""
        while True:
            m = re.search(rb"\$([^#]*)#..", self.buf, re.S)
            if m:
                self.buf = self.buf[m.end():]
                if not self.no_ack:
                    try:
                        self.raw(b"+")
                    except OSError:
                        pass
                return m[1]
            try:
                more = self.s.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                return None
            if not more:
                return None
            self.buf += more

    def ask(self, data):
        self.send(data)
        return self.get()

    def alive(self):
        """What every input must leave possible."""
        self.buf = b""
        reply = self.ask("qC")
        while reply is not None and not reply.startswith(b"QC"):
            reply = self.get()
        return reply is not None


def symbol(name, cache={}):
    if not cache:
        out = subprocess.run(["nm", SUBJECT], stdout=subprocess.PIPE).stdout
        for line in out.decode().split("\n"):
            if len(line.split()) == 3:
                cache[line.split()[2]] = int(line.split()[0], 16)
    return cache[name]


def poke(c, name, val):
    if c.ask("M%x,4:%02x000000" % (symbol(name), val)) != b"OK":
        raise Failed("M")


def at_rest(machine, ending):
    """A client of subject.elf where it is for ever in a loop with interrupts
    (2), or halted (3)."""
    c = Client(machine)
    c.ask("Z0,%x,1" % symbol("wait_for_ever"))
    poke(c, "ending", ending)
    if not c.ask("vCont;c").startswith(b"T05"):
        raise Failed("not there")
    c.ask("z0,%x,1" % symbol("wait_for_ever"))
    return c
