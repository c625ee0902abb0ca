"""The pages for people to read, made of the gradebook alone."""
