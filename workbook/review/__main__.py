"""`python -m workbook.review PATH`."""

import typer

from .command import review

if __name__ == "__main__":
    typer.run(review)
