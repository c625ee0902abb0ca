"""From the name of a constraint to an error of ours."""

from sqlalchemy.exc import DBAPIError, IntegrityError

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

MEANING: dict[str, tuple[type[DatabaseLayerError], str]] = {
    "task_project": (NotFoundError, "the project does not exist"),
    "task_assignee": (NotFoundError, "the assignee does not exist"),
    "task_creator": (NotFoundError, "the creator does not exist"),
    "task_parent": (NotFoundError, "the parent task does not exist"),
    "audit_log_actor": (NotFoundError, "the acting worker does not exist"),
    "worker_handle_is_taken": (ConflictError, "the handle is taken"),
    "worker_handle": (ConflictError, "this is not a handle"),
    "task_title": (ConflictError, "a title has 1 to 500 characters"),
    "task_parent_is_another": (ConflictError, "a task can't be its own parent"),
}


def refused(error: DBAPIError) -> Exception:
    """SQLite names CHECKs but no foreign keys; PostgreSQL names everything."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    text = str(error.orig)
    if name is None:
        name = next((known for known in MEANING if text.endswith(f": {known}")), None)
    if name in MEANING:
        kind, message = MEANING[name]
        return kind(message)
    if "FOREIGN KEY constraint failed" in text:
        return NotFoundError("a row that was named does not exist")
    return ConflictError(text) if isinstance(error, IntegrityError) else error
