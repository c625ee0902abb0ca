"""Grade a class of untrusted submissions, and lose nothing on the way.

Intake reads what a learning platform hands over, staging keeps only a project root, a crew of
graders works through it, the gradebook remembers every result, and reports and exports read the
gradebook alone.
"""

from workbook.grading.grader import Grader, GraderFault

__all__ = ["Grader", "GraderFault"]
