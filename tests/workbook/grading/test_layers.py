"""What grades a class is built in layers, and none of them knows the ones above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

GRADING = Path(__file__).parents[3] / "workbook" / "grading"
LAYERS = ("intake", "gradebook", "exports", "reports", "outputs", "running", "verbs")


def imported(file: Path) -> Iterator[str]:
    """The parts of `workbook.grading` that a file imports from."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workbook.grading."):
            yield str(node.module).split(".")[2]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_nothing_from_above(layer: str) -> None:
    folder = GRADING / layer
    files = list(folder.rglob("*.py")) or [folder.with_suffix(".py")]
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    assert not {file.name: found for file in files if (found := above & set(imported(file)))}
