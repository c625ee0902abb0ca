"""Bounded JSON frames: four bytes of length, then UTF-8 JSON.

A frame is the only thing that crosses between judge and witness, so its size has a limit
and its content is data: reading one never runs code.
"""

import asyncio
import datetime as dt
import json
import socket
import struct
from typing import Any, BinaryIO

LIMIT = 4 * 1024 * 1024
_HEAD = struct.Struct("!I")


class FrameError(ValueError):
    """What arrived is no frame: too long, cut short, or not JSON."""


def _plain(value: object) -> str:
    """Text for what JSON has no form for; a time says its offset, or has none."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value)


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes. Raises `FrameError` past `LIMIT` bytes."""
    body = json.dumps(message, default=_plain, ensure_ascii=True).encode()
    if len(body) > LIMIT:
        raise FrameError(f"a message of {len(body)} bytes; the limit is {LIMIT}")
    return _HEAD.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """The message in one frame's body. Raises `FrameError` if it is not an object."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FrameError("not JSON") from error
    if not isinstance(message, dict):
        raise FrameError("not a JSON object")
    return message


def _length(head: bytes) -> int:
    (length,) = _HEAD.unpack(head)
    if length > LIMIT:
        raise FrameError(f"a frame of {length} bytes; the limit is {LIMIT}")
    return int(length)


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message of a blocking stream, `None` at its end."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    body = stream.read(_length(head))
    return unpack(body)


async def receive(stream: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message of an asyncio stream, `None` at its end."""
    try:
        head = await stream.readexactly(_HEAD.size)
        body = await stream.readexactly(_length(head))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return unpack(body)


def send_with_fd(sock: socket.socket, message: dict[str, Any], fd: int) -> None:
    """Sends a message and hands over an open file with it (Unix sockets)."""
    data = pack(message)
    sent = socket.send_fds(sock, [data], [fd])
    if sent < len(data):
        sock.sendall(data[sent:])


def receive_with_fd(sock: socket.socket) -> tuple[dict[str, Any], int | None] | None:
    """The next message and the file that came with it, `None` at the end."""
    head, fds, _, _ = socket.recv_fds(sock, _HEAD.size, 1)
    if len(head) < _HEAD.size:
        return None
    length, body = _length(head), b""
    while len(body) < length:
        part = sock.recv(length - len(body))
        if not part:
            raise FrameError("cut short")
        body += part
    return unpack(body), fds[0] if fds else None
