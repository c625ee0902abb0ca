"""A witness without fork: a new interpreter that speaks the same protocol over its pipes.

`python -m workbook.witness.spawned PROBES` reads the opening as its first frame.
"""

import os
import sys
from pathlib import Path

from . import frames
from .child import load_probes, run
from .recording import Recording
from .warm import preload


def main() -> None:
    """Keeps stdin and stdout for the judge alone, then becomes a witness."""
    stream = os.fdopen(os.dup(0), "rb")
    answers = os.dup(1)

    def send(data: bytes) -> None:
        while data:
            data = data[os.write(answers, data) :]

    preload()
    load_probes(Path(sys.argv[1]))
    recording = Recording()
    opening = frames.read(stream)
    if opening is not None:
        run(opening, recording, stream, send)
    os._exit(0)


if __name__ == "__main__":
    main()
