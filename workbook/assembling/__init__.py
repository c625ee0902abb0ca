"""Code blocks of a Markdown text become the files of a project.

An AI's answer and a student's skill are such texts: `parse` finds the blocks and what each says
of its file, `place` gives that file its place in a project.
"""

from .blocks import Answer, Block, parse
from .placing import Placed, place

__all__ = ["Answer", "Block", "Placed", "parse", "place"]
