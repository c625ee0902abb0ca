"""What the application does with its data, one transaction at a time."""
