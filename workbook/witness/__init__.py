"""The witness: the process that runs a student's code and says what it saw.

It holds probes and inputs, never an expected value. What leaves it is bounded JSON.
"""
