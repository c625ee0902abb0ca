"""How a run words what it counts and what others said."""

import re


def counted(count: int, one: str, many: str = "") -> str:
    """So many of something, in words that fit: `1 check`, `2 checks`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def last_words(said: str) -> str:
    """What a process that ended said last: of a traceback the exception's message alone."""
    if '\n  File "' not in said:
        return said
    lines = said.splitlines()
    frames = [place for place, text in enumerate(lines) if text.startswith("  ")]
    message = "\n".join(lines[frames[-1] + 1 :]).strip()
    return re.sub(r"^(?:\w+\.)*GraderFault: |^(?:\w+\.)+(?=\w+(?::|$))", "", message)
