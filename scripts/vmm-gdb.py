"""What gdb is told about our kernel: how to show its capabilities, slots and
tasks, and which commands there are for them. `vmm gdb' loads it; in another
gdb: source vmm-gdb.py. A kernel that is not ours is left alone."""

import re
import tempfile

import gdb
import gdb.printing

RIGHTS = "rwgxsp"


def enum_names(name, prefix):
    """{number: name without its prefix} of one of the kernel's enums."""
    try:
        fields = gdb.lookup_type("enum " + name).fields()
    except gdb.error:
        return {}
    return {f.enumval: f.name[len(prefix):].lower() for f in fields
            if f.name.startswith(prefix) and not f.name.endswith("_COUNT")}


def size(count):
    for unit in ("", "K", "M", "G"):
        if count < 1024 or count % 1024:
            return "%d%s" % (count, unit)
        count //= 1024
    return "%dT" % count


class CapPrinter:
    """struct cap, as one line: its type, where, and what its type has."""

    def __init__(self, val):
        self.val = val

    def detail(self, kind):
        v = self.val
        if kind == "untyped":
            return " %s, %s used" % (size(int(v["untyped"]["size"])),
                                     size(int(v["untyped"]["used"])))
        if kind == "io_port":
            return " %#x-%#x" % (int(v["port"]["first"]),
                                 int(v["port"]["last"]))
        if kind in ("endpoint", "notification") and int(v["badge"]):
            return " badge %#x" % int(v["badge"])
        if int(v["space"]) and kind in ("raw_page", "large_page", "pt", "pd",
                                        "pdpt", "task_buffer"):
            return " at %#x in space %d" % (int(v["map"]["va"]),
                                            int(v["space"]))
        return ""

    def to_string(self):
        number = int(self.val["type"])
        kind = enum_names("abi_object", "OBJECT_").get(number, "type %d" % number)
        if number == 0:
            return "empty"
        return "%s@%#x rights %#x%s" % (kind, int(self.val["base"]),
                                        int(self.val["rights"]),
                                        self.detail(kind))


class SlotPrinter:
    """struct slot: its capability; the links only if it has any."""

    def __init__(self, val):
        self.val = val

    def to_string(self):
        return CapPrinter(self.val["cap"]).to_string()

    def children(self):
        for name in ("child", "next", "prev"):
            if int(self.val["cap"]["type"]) and int(self.val[name]):
                yield name, self.val[name]


class TaskPrinter:
    """struct task: number, state, priority; then what it holds and waits for."""

    def __init__(self, val):
        self.val = val

    def to_string(self):
        number = int(self.val["state"])
        state = enum_names("abi_task_state", "TASK_").get(number, str(number))
        return "task#%d %s, priority %d" % (int(self.val["number"]), state,
                                            int(self.val["priority"]))

    def children(self):
        for name in ("regs", "cpool", "table", "buffer", "fault_handler",
                     "waits", "calls", "next", "prev"):
            yield name, self.val[name]


# By the names of fields too: others may have structs of these names.
PRINTERS = (("cap", CapPrinter, ("type", "rights", "space", "base")),
            ("slot", SlotPrinter, ("cap", "child", "next", "prev")),
            ("task", TaskPrinter, ("number", "state", "priority", "cpool")))


def find_printer(val):
    kind = val.type.unqualified().strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return None
    for name, printer, fields in PRINTERS:
        if kind.tag == name and set(fields) <= {f.name for f in kind.fields()}:
            return printer(val)
    return None


find_printer.name = "vmm"
find_printer.enabled = True


class Command(gdb.Command):
    """What gdb refuses is said as gdb says it, without a word of Python."""

    def invoke(self, line, from_tty):
        try:
            self.run(line, from_tty)
        except (gdb.error, gdb.MemoryError) as e:
            raise gdb.GdbError(str(e))


class Vmm(Command):
    """Commands for the machine and the kernel in it.

`vmm COMMAND' is `monitor COMMAND': vmm tasks, vmm list, vmm why ..."""

    def __init__(self):
        super().__init__("vmm", gdb.COMMAND_USER, prefix=True,
                         completer_class=gdb.COMPLETE_NONE)

    def run(self, line, from_tty):
        gdb.execute("monitor " + (line or "help"), from_tty)
        if line.split(" ")[0] in ("back", "present", "reset"):
            gdb.execute("frame", from_tty)


class VmmArch(Command):
    """What to take code for: vmm arch i386|i8086|x86-64.

gdb's x86-64 reads 32-bit and 16-bit code as if it were 64-bit. By this it
gets the machine's registers as those of another processor. Go back to x86-64
before the guest enters 64-bit code: the others know no addresses above
4 GiB."""

    NAMES = {"i386": "i386", "i8086": "i8086", "x86-64": "i386:x86-64",
             "auto": "i386:x86-64"}

    def __init__(self):
        super().__init__("vmm arch", gdb.COMMAND_STATUS)

    def complete(self, text, word):
        return [name for name in self.NAMES if name.startswith(word)]

    def run(self, line, from_tty):
        if line not in self.NAMES:
            raise gdb.GdbError("usage: vmm arch i386|i8086|x86-64")
        # gdb takes no architecture that its description is not of: there is
        # none for a while. It reads the registers after each command, also
        # when the two sides do not mean the same by them, and then complains.
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as none:
            none.write("<target version=\"1.0\"/>")
            none.flush()
            for command in ("set tdesc filename " + none.name,
                            "monitor arch %s now" % line,
                            "set architecture " + self.NAMES[line],
                            "unset tdesc filename"):
                try:
                    gdb.execute(command, False, True)
                except gdb.error:
                    pass
        if self.NAMES[line] == "i386:x86-64":
            gdb.execute("set architecture auto", False, True)
        gdb.execute("frame", from_tty)


class VmmLastWrite(Command):
    """Who wrote last to a variable or place: vmm last-write EXPRESSION.

Of a pointer that is no variable, to what it points to. Searches backwards
from now, and leaves the count in $when: `vmm goto $when'."""

    def __init__(self):
        super().__init__("vmm last-write", gdb.COMMAND_DATA,
                         completer_class=gdb.COMPLETE_EXPRESSION)

    def run(self, line, from_tty):
        val = gdb.parse_and_eval(line)
        if val.address is None and val.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            val = val.dereference()
        if val.address is None:
            raise gdb.GdbError("not in memory: " + line)
        said = gdb.execute("monitor last-write %#x %d" % (int(val.address),
                                                          val.type.sizeof),
                           from_tty, True)
        gdb.write(said)
        count = re.search(r"^goto ([0-9]+)", said, re.M)
        if count:
            gdb.set_convenience_variable("when", int(count[1]))


class VmmGoto(Command):
    """Go to where so many instructions had run: vmm goto EXPRESSION."""

    def __init__(self):
        super().__init__("vmm goto", gdb.COMMAND_RUNNING,
                         completer_class=gdb.COMPLETE_EXPRESSION)

    def run(self, line, from_tty):
        val = gdb.parse_and_eval(line)
        if val.type.strip_typedefs().code == gdb.TYPE_CODE_VOID:
            raise gdb.GdbError("not a number: " + line)
        count = int(val)
        gdb.execute("monitor goto %d" % count, from_tty)
        gdb.execute("frame", from_tty)


class VmmSpace(Command):
    """Make an address space an inferior of its own: vmm space NUMBER.

Breakpoints that are set while it is the current inferior hit in that address
space only. `vmm spaces' lists the numbers; `inferior 1' goes back."""

    def __init__(self):
        super().__init__("vmm space", gdb.COMMAND_USER)

    def run(self, line, from_tty):
        if not line.strip().isdigit():
            raise gdb.GdbError("usage: vmm space NUMBER; see vmm spaces")
        before = gdb.selected_inferior().num
        gdb.execute("add-inferior", False, True)
        number = max(i.num for i in gdb.inferiors())
        gdb.execute("inferior %d" % number, False, True)
        try:
            gdb.execute("attach " + line.strip(), from_tty)
        except gdb.error:
            gdb.execute("inferior %d" % before, False, True)
            gdb.execute("remove-inferiors %d" % number, False, True)
            raise gdb.GdbError("no address space %s; see vmm spaces" %
                               line.strip())


# The machine may be elsewhere in time after a monitor command.
gdb.execute("""define hookpost-monitor
maintenance flush register-cache
maintenance flush dcache
end""")
gdb.printing.register_pretty_printer(None, find_printer, replace=True)
Vmm()
VmmArch()
VmmLastWrite()
VmmGoto()
VmmSpace()
