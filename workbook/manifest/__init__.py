"""The manifest: what a lesson is, how it is read, and what holds of all."""
