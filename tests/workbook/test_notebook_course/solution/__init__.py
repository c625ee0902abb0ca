"""A small task package."""
