"""Cutting a text: names become lines, lines become blanks."""
