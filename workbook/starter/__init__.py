"""The starter: what a student begins with, and what is still as it was."""

from workbook.starter.resetting import ResetError, reset
from workbook.starter.syncing import Synced, differences, fill, sync
from workbook.starter.touching import untouched

__all__ = ["ResetError", "Synced", "differences", "fill", "reset", "sync", "untouched"]
