"""Review an async SQLModel or SQLAlchemy project for production readiness."""

from .findings import Finding
from .registry import RULES, Rule
from .reviewing import review_path

__all__ = ["RULES", "Finding", "Rule", "review_path"]
