"""What a hostile submission would try, each harmless where it succeeds.

An attack returns what it got. An OSError, a MemoryError or a thread that could not
start says that it was stopped; any other error is a fault of the attack.
"""

from collections.abc import Callable, Iterable
from typing import Any

from workbook.sandbox import kernel

Target = dict[str, Any]
Attack = Callable[[Target], object]
ATTACKS: dict[str, Attack] = {}


def attack(name: str) -> Callable[[Attack], Attack]:
    """Enter one attack under the name its proof has in the report."""

    def enter(function: Attack) -> Attack:
        ATTACKS[name] = function
        return function

    return enter


def first(tries: Iterable[Callable[[], object]]) -> object:
    """Give what the first try that succeeds gives; raise the last refusal otherwise."""
    last: OSError = FileNotFoundError("nothing to try")
    for go in tries:
        try:
            return go()
        except OSError as error:
            last = error
    raise last


def answer(numbers: tuple[int, int], *arguments: Any) -> object:
    """Make a kernel call that can do nothing; raise if it was refused before it was looked at."""
    number = numbers[("x86_64", "aarch64").index(kernel.machine())]
    try:
        return kernel.syscall(number, *arguments)
    except OSError as error:
        if error.errno in (1, 13, 38):  # EPERM, EACCES, ENOSYS
            raise
        return error.errno
