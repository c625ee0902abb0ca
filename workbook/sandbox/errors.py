"""What went missing, and the next step for the person who reads it."""


class SandboxError(Exception):
    """The sandbox can't keep what was asked of it; the message ends with the cure."""
