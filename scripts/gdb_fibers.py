"""gdb command: list the fibers of a worker and show where each of them waits.

    gdb -p PID -x scripts/gdb_fibers.py -ex fibers          every fiber: state and the wait it is in
                                        -ex 'fibers bt'     and its backtrace
                                        -ex 'fibers bt 3'   only that of fiber 3

The loop is found in the stack of the thread. Backtraces need a live process on x86-64: a parked fiber's
registers lie in its jmp_buf, where glibc keeps stack and instruction pointer encrypted with a key of the process.
"""
import gdb

MASK = (1 << 64) - 1
# x86-64 jmp_buf of glibc: which slot holds which register.
PLAIN = {"rbx": 0, "r12": 2, "r13": 3, "r14": 4, "r15": 5}
GUARDED = {"rbp": 1, "rsp": 6, "pc": 7}
GUARD_OFFSET = 0x30  # of the key, from the thread pointer


def find_scheduler():
    """The struct fiber_scheduler of the loop that the selected thread runs."""
    frame = gdb.newest_frame()
    while frame is not None:
        if frame.name() == "loop_run":
            return frame.read_var("loop")["fibers"].dereference()
        if frame.name() == "trampoline":  # stopped inside a fiber, which begins with its stack
            fiber = frame.read_var("stack").cast(gdb.lookup_type("struct fiber").pointer())
            return fiber["scheduler"].dereference()
        frame = frame.older()
    raise gdb.GdbError("this thread runs no loop")


def alive_fibers(scheduler):
    fiber = scheduler["alive"]
    while fiber != 0:
        yield fiber.dereference()
        fiber = fiber["next"]


def describe(number, fiber):
    state = str(fiber["state"]).replace("FIBER_", "").lower()
    waits_for = fiber["what"].string() or "-"
    cancelled = " cancelled" if fiber["cancelled"] else ""
    return f"#{number:<4} {state:<8} {waits_for}{cancelled}  (fiber at {fiber.address})"


def decrypt(value, guard):
    rotated = (value >> 17 | value << 47) & MASK
    return rotated ^ guard


def saved_registers(fiber):
    slots = fiber["stack"]["side"]["at"][0]["__jmpbuf"]
    thread = int(gdb.parse_and_eval("(unsigned long)$fs_base"))
    guard = int.from_bytes(gdb.selected_inferior().read_memory(thread + GUARD_OFFSET, 8), "little")
    values = {name: int(slots[slot]) & MASK for name, slot in PLAIN.items()}
    values.update({name: decrypt(int(slots[slot]) & MASK, guard) for name, slot in GUARDED.items()})
    return values


def print_backtrace(fiber):
    """Borrows the thread's registers, and gives them back."""
    gdb.newest_frame().select()
    wanted = saved_registers(fiber)
    kept = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}")) for name in wanted}
    try:
        for name, value in wanted.items():
            gdb.execute(f"set ${name} = {value:#x}")
        gdb.execute("backtrace")
    finally:
        for name, value in kept.items():
            gdb.execute(f"set ${name} = {value:#x}")


class Fibers(gdb.Command):
    """fibers [bt [NUMBER]]: the fibers of this worker; with bt their backtraces, too."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        with_backtraces = words[:1] == ["bt"]
        only = int(words[1]) if len(words) > 1 else None
        found = list(alive_fibers(find_scheduler()))
        print(f"{len(found)} fibers alive")
        for number, fiber in enumerate(found):
            if only is not None and number != only:
                continue
            print(describe(number, fiber))
            if with_backtraces and str(fiber["state"]) in ("FIBER_PARKED", "FIBER_READY"):
                print_backtrace(fiber)


Fibers()
