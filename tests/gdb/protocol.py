#!/usr/bin/env python3
"""protocol.py: the stub by its packets: what a client may do to it, well
meant or not: protocol.py VMM IMAGES GUESTS [TEST...]. Needs no gdb. ACCEL in
the environment is the processor, or it is sim."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import client
from client import ACCEL, Client, Machine, poke, symbol

client.setup(*sys.argv[1:4])
failures = []
what = ""


def check(condition, text):
    if not condition:
        print("FAILED: %s: %s" % (what, text))
        failures.append(text)


def test_packets_that_are_no_good():
    numbers = ["", "-1", "g", "10000000000000000", "ffffffffffffffff", "0"]
    packets = []
    for a in numbers:
        for b in numbers:
            packets += ["m%s,%s" % (a, b), "M%s,%s:00" % (a, b),
                        "X%s,%s:a" % (a, b), "x%s,%s" % (a, b),
                        "Z0,%s,%s" % (a, b), "z2,%s,%s" % (a, b),
                        "Z2,%s,%s" % (a, b), "P%s=%s" % (a, b),
                        "qCRC:%s,%s" % (a, b), "qSearch:memory:%s;%s;x" % (a, b),
                        "qXfer:features:read:target.xml:%s,%s" % (a, b),
                        "qXfer:threads:read::%s,%s" % (a, b),
                        "Hgp%s.%s" % (a, b), "Tp%s.%s" % (a, b),
                        "qThreadExtraInfo,p%s.%s" % (a, b)]
        packets += ["p" + a, "Hg" + a, "Hc" + a, "T" + a, "G" + a, "D;" + a,
                    "vKill;" + a if a not in ("", ) else "vKill",
                    "vAttach;" + a, "vCont;x" + a, "qXfer:exec-file:read:%s:0,10" % a]
    packets = [p for p in packets if p not in ("D;", )]
    packets += ["", "\0", "\xff", "vCont", "vCont;", "vCont;s:", "vCont;r1",
                "vCont;c:pq", "vCont" + ";s" * 500, "H", "Hx0", "Z", "Z9,0,1",
                "Z0", "Z0,0", "Z0,1000,1;X", "Z0,1000,1;Xffffffff,22",
                "Z0,1000,1;X1,zz", "Z0,1000,1;X2,2", "Z0,1000,1;cmds:0,X1,27",
                "q", "Q", "v", "qXfer", "qXfer:features:read:../../etc/passwd:0,10",
                "qXfer:features:write:target.xml:0:xx", "qXfer:x:read::0,1",
                "qRcmd,", "qRcmd,z", "qRcmd,7", "qRcmd,2525732573",
                "qRcmd," + "61" * 5000, "qSupported:" + ";" * 1000,
                "qSupported:multiprocess+;xmlRegisters=i386", "vFile:open:61,0,0",
                "vRun", "bx", "b", "g0", "c-1", "sx", "C", "S", "Czz",
                "QThreadEvents:1", "jfoo", "!x", "?x", "y" * 100000]
    with Machine(client.HANG) as m:
        c = Client(m)
        for p in packets:
            if p.startswith(("vKill;", "vRun")):
                continue
            c.send(p.encode("latin1"))
            if not c.alive():
                check(False, "after %r" % p[:60])
                break
        check(m.process.poll() is None, "vmm is gone")


def test_frames_that_are_no_good():
    frames = [b"$qC#00", b"$qC#zz", b"$qC#a", b"#b4", b"$", b"$}", b"$}#7d",
              b"$qC$qC", b"$m0,4", b"%Stop:T05#00", b"+" * 1000, b"-" * 50,
              b"\x03" * 1000, b"$" * 1000, b"#" * 1000, bytes(range(256)),
              b"$" + b"a" * 200000 + b"#00", b"$" + b"a" * (1 << 20),
              b"$m0,*\x7f4#00", b"\0" * 4096, b"\xff" * 4096]
    for no_ack in (True, False):
        with Machine(client.HANG) as m:
            c = Client(m, no_ack)
            for f in frames:
                c.raw(f)
                c.raw(b"#00")
                if not c.alive():
                    check(False, "after %r" % f[:40])
                    break
            c.raw(b"$qC#b4"[:3])
            time.sleep(0.05)
            c.raw(b"$qC#b4"[3:])
            check(c.get().startswith(b"QC"), "a packet in two parts")


def interrupt(c):
    """How soon is the benchmark's to say; here it has to come."""
    c.send("vCont;c")
    time.sleep(0.2 if ACCEL == "kvm" else 0.005) # until it runs, emulated, too
    c.raw(b"\x03")
    reply = c.get()
    check(reply and reply.startswith(b"T02"), "%r" % reply)


def test_an_interrupt_comes_in_a_loop_and_in_a_halt():
    for ending in (2, 3):
        with Machine(client.SUBJECT) as m:
            c = client.at_rest(m, ending)
            for i in range(15):
                interrupt(c)


def test_an_interrupt_comes_without_breakpoints():
    """A tight loop; a kernel that idles, and waits for its COM2."""
    for kernel, args in ((client.HANG, ()),
                         (client.KERNEL, ("--init", client.RINIT, "--serial2",
                                          "pty"))):
        with Machine(kernel, *args) as m:
            c = Client(m)
            if kernel == client.KERNEL:
                c.send("vCont;c")
                time.sleep(5 if ACCEL == "kvm" else 1)
                c.raw(b"\x03")
                check(c.get().startswith(b"T02"), "in its boot")
            for i in range(30):
                interrupt(c)


def test_an_interrupt_before_it_runs_counts():
    """All in one piece: it may come before the first instruction."""
    with Machine(client.HANG) as m:
        c = Client(m)
        for i in range(100):
            c.raw(b"$vCont;c#a8\x03")
            check(c.get().startswith(b"T02"), "of number %d" % i)
        c.raw(b"\x03")
        check(c.alive(), "while it stands")


def test_a_second_client_is_told():
    with Machine(client.HANG) as m:
        c = Client(m)
        d = Client(m, no_ack=False)
        check(b"another gdb" in (d.get() or b""), "not told why")
        check(d.get() is None, "not closed")
        check(c.alive(), "the first one suffers")


def test_clients_come_and_go():
    with Machine(client.HANG) as m:
        for i in range(1000):
            s = socket.socket(socket.AF_UNIX)
            s.connect(m.path)
            try:
                if i % 3 == 0:
                    s.sendall(b"$vCont;c#a8")
                elif i % 3 == 1:
                    s.sendall(b"$m0,10000#5a$g#67")
            except OSError:
                check(False, "number %d was not wanted" % i)
                break
            s.close()
        c = Client(m)
        check(c.alive(), "not there any more")


def frame(text):
    return b"$" + text + b"#%02x" % (sum(text) % 256)


def test_connections_that_end_oddly():
    """In the middle of a packet, of a reply, of a step; one half; by a byte
    at a time; in a storm of interrupts."""
    def half(s):
        s.sendall(frame(b"m0,10000"))
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass

    def storm(s):
        s.sendall((b"\x03" * 50 + frame(b"vCont;c") + frame(b"qC")) * 200)

    ways = (lambda s: s.sendall(b"$m0,10000"),
            lambda s: s.sendall(frame(b"m0,10000") * 20),
            lambda s: s.sendall(frame(b"vCont;s") * 20),
            lambda s: s.sendall(frame(b"vCont;c") + b"\x03"),
            lambda s: s.sendall(frame(b"Z0,100000,1") + frame(b"vCont;c")),
            half, storm)
    with Machine(client.HANG) as m:
        for way in ways * 3:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(client.PATIENCE)
            s.connect(m.path)
            try:
                way(s)
            except OSError: # it may have had enough
                pass
            s.close()
            c = Client(m)
            check(c.alive(), "the next one is not served")
            for byte in frame(b"g"):
                c.raw(bytes([byte]))
            check(len(c.get()) == 2 * 552, "byte by byte")
            c.close()


def test_packets_while_the_guest_comes_to_its_end():
    """Each holds it up where it is; at the end there is a W, once."""
    with Machine(client.SUBJECT) as m:
        c = Client(m)
        for i in range(50):
            c.raw(frame(b"vCont;c") + frame(b"m%x,40" % symbol("test_main")) +
                  frame(b"vCont;s") + frame(b"g"))
        c.send("vCont;c")
        replies = []
        while not replies or replies[-1] != b"W00":
            replies.append(c.get())
            if replies[-1] is None or len(replies) > 500:
                check(False, "no end, but %r" % replies[-3:])
                return
        check(c.ask("g") is not None, "registers of what is over")
        check(c.ask("vCont;c") == b"E03", "it goes on")
        check(c.ask("?") == b"W00", "it has not ended")
        c.close()
        check(m.ended()[0] == 0, "status")


def test_one_who_never_reads_is_dropped():
    with Machine(client.HANG) as m:
        c = Client(m)
        c.s.settimeout(0.2)
        try:
            for i in range(20000):
                c.send("m0,10000")
        except (socket.timeout, ConnectionResetError, BrokenPipeError):
            pass
        c.close()
        c = Client(m)
        check(c.alive(), "not there any more")


def test_five_thousand_points_and_gone():
    with Machine(client.SUBJECT) as m:
        c = Client(m)
        for i in range(5000):
            check(c.ask("Z0,%x,1" % (0x200000 + i)) == b"OK", "Z")
        check(c.ask("D") == b"OK", "D")
        status, out = m.ended()
        check(status == 0, "status %s: %s" % (status, out))


def test_the_end_is_told():
    with Machine(client.SUBJECT) as m:
        c = Client(m)
        check(c.ask("vCont;c") == b"W00", "no W")
        c.close()
        check(m.ended()[0] == 0, "status")


def test_looking_changes_nothing():
    hashes = []
    for looks in (False, True):
        with Machine(client.SUBJECT, "--hash") as m:
            c = Client(m)
            stops = 0
            if looks:
                c.ask("Z0,%x,1" % symbol("tick"))
                c.ask("Z2,%x,4" % symbol("ticks"))
                c.ask("Z4,%x,40" % symbol("bytes"))
                c.ask("Z0,%x,1;X3,220027" % symbol("count"))
            while c.ask("vCont;c").startswith(b"T"):
                c.ask("g")
                c.ask("m%x,1000" % symbol("test_main"))
                stops += 1
            check(not looks or stops > 50, "%d stops" % stops)
            c.close()
            status, out = m.ended()
            hashes += re.findall("state hash (.*)", out)
    check(len(hashes) == 2 and hashes[0] == hashes[1], "%r" % hashes)


def test_the_guest_ends_after_its_client():
    with Machine(client.SUBJECT, "--gdb-close", "go") as m:
        c = Client(m)
        c.send("vCont;c")
        c.close()
        check(m.ended()[0] == 0, "status")
    with Machine(client.HANG, "--gdb-close", "quit") as m:
        Client(m).close()
        check(m.ended()[0] == 130, "status")


def test_points_outlive_nothing_but_their_client():
    with Machine(client.SUBJECT) as m:
        c = Client(m)
        check(c.ask("Z0,%x,1" % symbol("fib")) == b"OK", "Z")
        check(c.ask("vCont;c").startswith(b"T05"), "not met")
        c.close()
        c = Client(m)
        check(c.ask("?").startswith(b"T05"), "not as it was left")
        check(c.ask("vCont;c") == b"W00", "met again")


def test_a_repeat_is_the_same():
    with Machine(client.HANG) as m:
        c = Client(m, no_ack=False)
        first = c.ask("g")
        c.raw(b"-")
        check(c.get() == first and len(first) == 2 * 552, "other bytes")


def test_a_gdb_that_greets_twice_gets_one_reply():
    with Machine(client.HANG) as m:
        c = Client(m, no_ack=False)
        for _ in range(3):
            c.send("qSupported:multiprocess+")
        check(c.get().startswith(b"PacketSize"), "no greeting")
        check(c.ask("vMustReplyEmpty") == b"", "a second greeting")
        c.send("qSupported:multiprocess+")
        check(c.get().startswith(b"PacketSize"), "no greeting later")


def test_a_socket_goes_with_its_machine():
    with Machine(client.HANG) as m:
        command = m.process.args
        again = subprocess.run(command, stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, timeout=client.PATIENCE)
        check(again.returncode == 71, "status %d" % again.returncode)
        check(b"in use; take it away" in again.stderr, again.stderr)
        m.process.terminate()
        m.ended()
        check(not os.path.exists(m.path), "is left behind")
        # of one who was killed; the next one takes its place
        socket.socket(socket.AF_UNIX).bind(m.path)
        m.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT)
        check(b"waits" in m.process.stdout.readline(), "a dead one")
        c = Client(m)
        c.send("k")
        m.ended()
        check(not os.path.exists(m.path), "is left behind by k")
        open(m.path, "w").close()
        again = subprocess.run(command, stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, timeout=client.PATIENCE)
        check(again.returncode == 71, "status %d" % again.returncode)
        check(os.path.exists(m.path), "a file of somebody's is gone")


def test_registers_are_as_the_description_read_says():
    def monitor(c, line):
        c.send("qRcmd," + line.encode().hex())
        while c.get() != b"OK":
            pass

    def described(c):
        return c.ask("qXfer:features:read:target.xml:0,400")

    with Machine(client.SUBJECT) as m:
        c = Client(m)
        wide = c.ask("g")
        check(len(wide) == 2 * 552, "g of x86-64")
        monitor(c, "arch i386")
        check(c.ask("g") == wide, "changed before it was described")
        check(b">i386<" in described(c), "described as i386")
        check(len(c.ask("g")) == 2 * 308, "g of i386")
        check(c.ask("P8=00001000") == b"OK" and
              c.ask("p8") == b"00001000", "eip")
        check(c.ask("G" + "00" * 308) == b"OK", "G of i386")
        check(c.ask("G" + "00" * 552).startswith(b"E"), "G too long")
        check(c.ask("P10=00").startswith(b"E"), "P too short")
        check(c.ask("pfff").startswith(b"E"), "p of none")
        check(c.alive(), "alive")
        c.close()
        c = Client(m)
        check(len(c.ask("g")) == 2 * 552, "g without a description")
        check(b">i386<" in described(c), "described as i386 again")
        monitor(c, "arch x86-64 now")
        check(len(c.ask("g")) == 2 * 552, "g at once")
        check(b">i386:x86-64<" in described(c), "described as x86-64")


def test_a_file_made_anew_is_told():
    with tempfile.TemporaryDirectory() as folder:
        kernel = os.path.join(folder, "k.elf")
        shutil.copy(client.SUBJECT, kernel)
        for made_anew in False, True:
            with Machine(kernel) as m:
                c = Client(m)  # it runs: all files are open
                if made_anew:
                    os.unlink(kernel)
                check(c.ask("vRun;;").startswith(b"T05"), "vRun")
                c.send("k")
                told = b"was made anew" in m.ended()[1].encode()
                check(told == made_anew, "told: %s" % told)


def test_tcp_at_this_host_only():
    process = subprocess.Popen(
        [client.VMM, "boot", client.HANG, "--gdb", "tcp:0", "--accel", "sim", "--serial",
         "null", "--timeout", "400s"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, VMM_CONFIG=""))
    try:
        line = process.stdout.readline().decode()
        where = re.search(r"127\.0\.0\.1:([0-9]+)", line)
        check(where, "listens at " + line)
        for i in range(3):
            s = socket.create_connection(("127.0.0.1", int(where[1])))
            s.settimeout(client.PATIENCE)
            s.sendall(b"$qC#b4")
            got = b""
            while b"QC" not in got:
                more = s.recv(100)
                check(more, "no answer")
                got += more or b"QC"
            # a reset, with bytes under way
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         b"\1\0\0\0\0\0\0\0")
            s.sendall(b"$m0,10000#5a" * 10)
            s.close()
        check(process.poll() is None, "gone")
    finally:
        process.kill()
        process.communicate()


def test_memory_that_is_not_there():
    with Machine(client.SUBJECT) as m:
        c = Client(m)
        check(c.ask("Z1,%x,1" % symbol("test_main")) == b"OK", "Z1")
        c.ask("vCont;c")
        check(c.ask("mffffffffffffff00,8") == b"E14", "not mapped")
        check(c.ask("mfee00000,4") == b"E14", "a device's register")
        check(c.ask("Mfee00000,4:00000000") == b"E14", "written")
        check(len(c.ask("m%x,40" % symbol("test_main"))) == 0x80, "code")
        check(c.ask("X%x,4:#$}*" % symbol("bytes")) == b"OK", "escapes")
        check(c.ask("m%x,4" % symbol("bytes")) == b"23247d2a", "other bytes")
        check(c.ask("x%x,4" % symbol("bytes")) == b"b}\x03}\x04}\x5d}\x0a",
              "not escaped")


for name, fn in list(globals().items()):
    if name.startswith("test_") and (len(sys.argv) < 5 or name in sys.argv[4:]):
        what = name
        print("# " + name[5:].replace("_", " "), flush=True)
        try:
            fn()
        except client.Failed as e:
            check(False, str(e))
sys.exit(1 if failures else 0)
