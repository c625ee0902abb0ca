"""Bytes that are the same for the same facts, and files that are whole or not there."""

import json
from pathlib import Path
from typing import Any


def canonical(facts: Any) -> str:
    """The facts as JSON with one spelling: sorted keys, ASCII, no NaN."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=True, allow_nan=False)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write the file so that whoever looks finds the old one or the new one, never a half."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.part")
    made.write_bytes(data)
    made.replace(path)


def remove_others(folder: Path, kept: set[str]) -> None:
    """Remove what an earlier run wrote into the folder and this one no longer names."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            path.unlink()
