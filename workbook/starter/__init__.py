"""The starter: what a student begins with, and what is still as it was."""

from workbook.starter.edition import EditionError, make_edition
from workbook.starter.resetting import ResetError, reset
from workbook.starter.syncing import Synced, differences, fill, sync
from workbook.starter.touching import untouched

__all__ = [
    "EditionError",
    "ResetError",
    "Synced",
    "differences",
    "fill",
    "make_edition",
    "reset",
    "sync",
    "untouched",
]
