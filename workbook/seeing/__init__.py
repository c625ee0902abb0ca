"""See what a piece of code asks of its databases.

`record(engine)` keeps a `Trace` of a block; `compare` draws traces next to each other;
`side_by_side` runs the same code on several databases; `measure` times several ways;
`crowd` shows a pool under many sessions; `diagram` shows the tables as they are now. In a
notebook, `%%statements` shows what a cell sent.
"""

from workbook.seeing.both import SideBySide, side_by_side
from workbook.seeing.comparison import Comparison, compare
from workbook.seeing.crowd import PoolUse, crowd
from workbook.seeing.diagram import Diagram, diagram
from workbook.seeing.durations import Durations, measure
from workbook.seeing.recorder import record
from workbook.seeing.trace import Step, Trace

__all__ = [
    "Comparison",
    "Diagram",
    "Durations",
    "PoolUse",
    "SideBySide",
    "Step",
    "Trace",
    "compare",
    "crowd",
    "diagram",
    "measure",
    "record",
    "side_by_side",
]
