"""Small courses lie beside the tests of the tool; their suites are graded, not tested."""

collect_ignore = ["tally", "tiny_course"]
