"""The filter of kernel calls, run here on paper for both processors."""

import errno

import pytest

from workbook.sandbox.seccomp import ALLOW, ARCHITECTURE, KILL, REFUSE, UNKNOWN, Line, program
from workbook.sandbox.syscalls import MACHINES, numbers

PID = 4242
THREAD = 0x003D0F00  # what a C library asks for when it starts a thread
REFUSED = {
    "x86_64": {"fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "ptrace": 101, "mount": 165,
               "unshare": 272, "setns": 308, "bpf": 321, "io_uring_setup": 425, "chmod": 90,
               "memfd_create": 319, "shmget": 29, "pidfd_open": 434, "tkill": 200, "setuid": 105,
               "process_vm_writev": 311, "seccomp": 317, "keyctl": 250, "setrlimit": 160},
    "aarch64": {"execve": 221, "execveat": 281, "ptrace": 117, "mount": 40, "unshare": 97,
                "setns": 268, "bpf": 280, "io_uring_setup": 425, "fchmodat": 53, "keyctl": 219,
                "memfd_create": 279, "shmget": 194, "pidfd_open": 434, "tkill": 130,
                "setuid": 146, "process_vm_writev": 271, "seccomp": 277, "setrlimit": 164},
}  # fmt: skip


def answer(lines: list[Line], machine: str, number: int, *arguments: int) -> int:
    """Run the filter as the kernel does, on one call."""
    data = number.to_bytes(4, "little") + ARCHITECTURE[machine].to_bytes(4, "little") + bytes(8)
    for argument in [*arguments, 0, 0, 0, 0, 0, 0][:6]:
        data += (argument % (1 << 64)).to_bytes(8, "little")
    at, loaded = 0, 0
    while True:
        code, so, otherwise, value = lines[at]
        at += 1
        match code:
            case 0x20:
                loaded = int.from_bytes(data[value : value + 4], "little")
            case 0x15:
                at += so if loaded == value else otherwise
            case 0x35:
                at += so if loaded >= value else otherwise
            case 0x45:
                at += so if loaded & value else otherwise
            case 0x06:
                return value


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each processor we have a table for."""
    return str(request.param)


def asked(machine: str, name: str, *arguments: int, sockets: bool = True) -> int:
    """Ask the filter about an allowed name."""
    lines = program(machine, PID, sockets=sockets)
    return answer(lines, machine, numbers(machine)[name], *arguments)


@pytest.mark.parametrize("name", ["read", "openat", "mmap", "futex", "epoll_pwait", "connect"])
def test_what_a_lesson_needs_is_allowed(machine: str, name: str) -> None:
    """Files, memory, threads' waiting, the loop's waiting, a database's socket."""
    assert asked(machine, name) == ALLOW


def test_what_no_lesson_needs_is_refused_by_name(machine: str) -> None:
    """Processes, programs, tracing, mounts, namespaces and the newer doors of the kernel."""
    lines = program(machine, PID, sockets=True)
    answers = {name: answer(lines, machine, n) for name, n in REFUSED[machine].items()}
    assert set(answers.values()) == {REFUSE}


def test_every_number_is_answered_and_those_not_named_are_not_allowed(machine: str) -> None:
    """No gap in the table lets a call through."""
    lines = program(machine, PID, sockets=True)
    allowed = {n for n in range(600) if answer(lines, machine, n) == ALLOW}
    assert allowed <= set(numbers(machine).values())


def test_a_thread_may_be_started_and_a_process_may_not(machine: str) -> None:
    """One call makes both; what tells them apart is a flag."""
    assert asked(machine, "clone", THREAD) == ALLOW
    assert asked(machine, "clone", 17) == REFUSE  # SIGCHLD: a process
    assert asked(machine, "clone", THREAD | 0x10000000) == REFUSE  # with a namespace of users
    assert asked(machine, "clone3") == UNKNOWN  # so that the C library takes clone


def test_sockets_are_local_or_none(machine: str) -> None:
    """No family leaves the machine; without a database none is opened at all."""
    assert asked(machine, "socket", 1) == ALLOW
    assert asked(machine, "socket", 1, sockets=False) == REFUSE
    assert asked(machine, "socketpair", 1, sockets=False) == ALLOW
    assert {asked(machine, "socket", family) for family in (2, 10, 16, 17, 38, 40)} == {REFUSE}


def test_signals_go_to_oneself_only(machine: str) -> None:
    """Neither by kill nor by the owner of a descriptor."""
    for name in ("kill", "tgkill"):
        assert asked(machine, name, PID) == ALLOW
        assert {asked(machine, name, pid) for pid in (1, PID - 1, 0, -1)} == {REFUSE}
    assert asked(machine, "fcntl", 3, 6) == ALLOW  # a lock
    assert asked(machine, "fcntl", 3, 8, 1) == REFUSE  # F_SETOWN


def test_limits_are_looked_at_and_lowered_for_oneself_only(machine: str) -> None:
    """The kernel lets no process raise its hard limits."""
    assert asked(machine, "prlimit64", 0, 7) == ALLOW
    assert asked(machine, "prlimit64", 1, 7) == REFUSE


def test_a_terminal_can_be_asked_and_not_typed_into(machine: str) -> None:
    """TIOCSTI would type into the terminal of whoever grades."""
    assert asked(machine, "ioctl", 0, 0x5401) == ALLOW
    assert asked(machine, "ioctl", 0, 0x5412) == REFUSE


def test_calls_of_another_processor_end_the_process(machine: str) -> None:
    """A 32-bit call has other numbers, so none of them is looked at."""
    other = next(name for name in MACHINES if name != machine)
    assert answer(program(machine, PID, sockets=True), other, 0) == KILL


def test_calls_newer_than_the_table_do_not_exist(machine: str) -> None:
    """A C library then takes its older way; x32 numbers are answered the same."""
    lines = program(machine, PID, sockets=True)
    assert {answer(lines, machine, n) for n in (463, 600, 0x40000000)} == {UNKNOWN}
    assert UNKNOWN & 0xFFFF == errno.ENOSYS
