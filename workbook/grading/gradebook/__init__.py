"""The record: what was handed in and found, what was changed by hand, and everybody's row."""
