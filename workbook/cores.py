"""How much of the machine is ours."""

import os


def cores() -> int:
    """How many processes can compute side by side here: what `taskset` or a queue left us."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
