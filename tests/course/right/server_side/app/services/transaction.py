"""The names other modules know the unit of work by."""

from .unit_of_work import UnitOfWork, begin_writing, refusal

transaction = UnitOfWork

__all__ = ["begin_writing", "refusal", "transaction"]
