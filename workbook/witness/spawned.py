"""A witness without fork: a new interpreter that speaks the same protocol.

`python -m workbook.witness.spawned PORT PROBES` calls the judge on 127.0.0.1 and reads the
opening as its first frame; the judge knows it by the word it was given in its environment.
"""

import os
import socket
import sys
from pathlib import Path
from typing import BinaryIO, cast

from . import frames
from .child import Tools, load_probes, run
from .warm import preload


def main() -> None:
    """Calls the judge, then becomes a witness."""
    channel = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    channel.sendall(frames.pack({"word": os.environ.pop("WORKBOOK_WORD")}))
    with channel.makefile("rb", buffering=0) as stream:
        opening = frames.read(cast(BinaryIO, stream))  # unbuffered: nothing past this frame
    preload()
    load_probes(Path(sys.argv[2]))
    if opening is not None:
        run(opening, Tools(), channel)
    os._exit(0)


if __name__ == "__main__":
    main()
