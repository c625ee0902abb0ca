"""One module of routes for each kind of row."""
