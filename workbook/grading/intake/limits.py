"""How much a submission may hold, and the refusal when it holds more."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MIB = 1024 * 1024


class Refused(Exception):
    """This submission isn't read; the message is the reason its row shows."""


LINK = "is a link; hand in the files themselves"
"""Why a link is refused: what it leads to may be anybody's."""


@dataclass(frozen=True)
class Limits:
    """Ceilings on real bytes and real members, whatever a header claims."""

    archive: int = 64 * MIB
    unpacked: int = 128 * MIB
    staged: int = 16 * MIB
    file: int = 2 * MIB
    members: int = 4_000
    staged_members: int = 1_000
    depth: int = 16
    path: int = 240
    directory: int = 4 * MIB


DEFAULT = Limits()


class Readable(Protocol):
    """Anything bytes can be read from in pieces."""

    def read(self, size: int, /) -> bytes: ...


def pieces(stream: Readable, limit: int, what: str) -> Iterator[bytes]:
    """The stream in pieces, refused at the first byte past `limit`."""
    seen = 0
    while piece := stream.read(65_536):
        seen += len(piece)
        if seen > limit:
            raise Refused(f"{what} holds more than {size(limit)}")
        yield piece


def read_all(stream: Readable, limit: int, what: str) -> bytes:
    """All of the stream, refused past `limit`."""
    return b"".join(pieces(stream, limit, what))


def size(count: int) -> str:
    """A number of bytes in words."""
    return f"{count // MIB} MB" if count >= MIB else f"{max(1, count // 1024)} KB"
