"""How a suite says which check a test is."""

from collections.abc import Callable
from typing import Any


def check(id: str) -> Callable[[Any], Any]:
    """Says which check of the manifest a test is; its docstring is the check's line."""
    import pytest  # late: who only asks a judge has no use for it, and it takes a while

    return pytest.mark.check(id)
