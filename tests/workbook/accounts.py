"""Another account of this machine, for tests that root runs."""

from pathlib import Path

from workbook.sandbox import interpreter_trees
from workbook.sandbox.jail import outermost
from workbook.sandbox.other_user import closed_to_others

ROOT = Path(__file__).parents[2]
#: One that has a name: initdb asks for it.
USER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all", "--"]


def opened() -> list[str]:
    """Start a program where other users reach the interpreter, in mounts of its own.

    A Python in root's home folder can't be run by anybody else; here the folder is
    covered by an empty one, with the interpreter bound back in.
    """
    trees = outermost([*interpreter_trees(), ROOT])
    if (closed := closed_to_others(trees)) is None:
        return []
    arguments = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", str(closed)]
    for tree in (tree for tree in trees if tree.is_relative_to(closed)):
        for parent in reversed(
            [p for p in tree.parents if p != closed and p.is_relative_to(closed)]
        ):
            arguments += ["--dir", str(parent)]
        arguments += ["--ro-bind", str(tree), str(tree)]
    return [*arguments, "--"]
