"""Routes that ask one service each."""
