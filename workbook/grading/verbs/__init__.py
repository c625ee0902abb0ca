"""The instructor's verbs, one file a subject."""
