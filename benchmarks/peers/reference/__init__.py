"""The reference of the small course."""
