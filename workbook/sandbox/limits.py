"""How much one child may take of the machine: memory, time, files, threads.

These are the kernel's own limits (`getrlimit(2)`); a system without them (Windows)
leaves the wall clock, which the parent holds. Disk is limited by the size of the
scratch tmpfs, wall time by the parent.
"""

from dataclasses import dataclass

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one child may use; bytes, seconds of processor time, counts."""

    memory_bytes: int = 1 << 30
    file_bytes: int = 64 << 20
    cpu_seconds: int = 60
    open_files: int = 128
    threads: int = 32


#: For the environment of whoever forks children: else each thread keeps 64 MB of addresses, eight
#: threads a core, and few of `memory_bytes` are left.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}

# Beside the child's threads the jail holds bubblewrap, the warm process and the child itself.
OTHERS_IN_THE_JAIL = 6


def apply(limits: Limits, *, count_threads: bool) -> None:
    """Set the limits on this process; never above what it already has.

    `count_threads` is for jails that are a user of their own to the kernel, which
    counts all threads of a user together.
    """
    if resource is None:
        return
    wanted = {
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    if count_threads:
        wanted["RLIMIT_NPROC"] = limits.threads + OTHERS_IN_THE_JAIL
    for name, value in wanted.items():
        if hasattr(resource, name):
            _lower(getattr(resource, name), value, value)
    # One second between the signal that can be caught and the one that can't.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)


def _lower(which: int, soft: int, hard: int) -> None:
    _, ceiling = resource.getrlimit(which)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(which, (soft, hard))
    except ValueError:
        # macOS refuses a limit on memory below what is mapped; the others hold.
        if which != resource.RLIMIT_AS:
            raise
