"""What a class handed in, read from folders and archives of strangers, down to staged files."""
