"""Compressed streams, unpacked in bounded pieces with bounded memory."""

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import IO, Any

from workbook.grading.intake.limits import Readable, Refused


@dataclass
class Counted:
    """A stream that stops at its limit, whoever reads and whatever for."""

    stream: Readable
    left: int

    def read(self, count: int) -> bytes:
        piece = self.stream.read(count)
        self.left -= len(piece)
        if self.left < 0:
            raise Refused("the archive unpacks to more than it may")
        return piece


class Unpacked:
    """A compressed stream, unpacked a bounded piece at a time with bounded memory."""

    def __init__(self, file: IO[bytes], packing: str) -> None:
        self._file, self._packing = file, packing
        self._rest, self._engine = b"", self._fresh()

    def _fresh(self) -> Any:
        if self._packing == "gzip":
            return zlib.decompressobj(wbits=31)
        if self._packing == "bzip2":
            return bz2.BZ2Decompressor()
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=128 * 1024 * 1024)

    def read(self, count: int) -> bytes:
        while True:
            fed = self._rest or (self._file.read(65_536) if self._hungry() else b"")
            if self._engine.eof:
                if not fed.strip(b"\0"):
                    return b""
                self._engine = self._fresh()
            piece: bytes = self._engine.decompress(fed, count)
            if self._engine.eof:
                self._rest = self._engine.unused_data
            else:
                self._rest = getattr(self._engine, "unconsumed_tail", b"")
            if piece:
                return piece
            if not fed and not self._engine.eof:
                raise EOFError("it ends too early")

    def _hungry(self) -> bool:
        return bool(getattr(self._engine, "needs_input", True) or self._engine.eof)
