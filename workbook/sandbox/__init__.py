"""Run code nobody has read, behind the strongest walls this machine has.

A ladder of rungs, strongest first. `choose()` takes the strongest that this
machine can do, `prove()` runs the containment self-test on it, `Rung.popen()`
starts the warm process inside, and `lockdown()` closes the last doors in each
child, after the fork and before it imports a submission.
"""

from workbook.sandbox.errors import SandboxError
from workbook.sandbox.jail import Jail, interpreter_trees
from workbook.sandbox.ladder import PLAIN, choose, rungs
from workbook.sandbox.lockdown import Lockdown, lockdown, shield, sweep
from workbook.sandbox.refusal import refusal_of
from workbook.sandbox.rung import Rung
from workbook.sandbox.selftest import Proof, prove, selftest

__all__ = [
    "PLAIN",
    "Jail",
    "Lockdown",
    "Proof",
    "Rung",
    "SandboxError",
    "choose",
    "interpreter_trees",
    "lockdown",
    "prove",
    "refusal_of",
    "rungs",
    "selftest",
    "shield",
    "sweep",
]
