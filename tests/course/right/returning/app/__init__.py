"""A database layer whose statements return what they wrote."""
