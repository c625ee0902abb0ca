"""Grade a class in a process that tests can kill: one line of output for each event."""

import argparse
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fake_grader import FakeGrader

from workbook.grading.running.run import Plan, Stopped, grade_class

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--marks", type=Path)
parser.add_argument("--jobs", type=int, default=1)
parser.add_argument("--resume", action="store_true")
given = parser.parse_args()
try:
    grade_class(
        given.folder,
        given.out,
        partial(FakeGrader, marks=given.marks),
        Plan(jobs=given.jobs, resume=given.resume),
        on_event=lambda event: print(type(event).__name__, flush=True),
    )
except Stopped as stopped:
    print(stopped, flush=True)
    sys.exit(130)
