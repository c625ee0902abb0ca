"""The run: graders at work, each distinct submission settled once."""
