"""Results of a run as cards: for the terminal, for notebooks, as text."""
