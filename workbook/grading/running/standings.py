"""One row a person, from what became of each of their attempts."""

from workbook.grading.gradebook.tables import Attempt, Standing
from workbook.grading.intake.candidates import Candidate
from workbook.grading.running.settling import Desk, Known
from workbook.grading.writing import canonical

# A fault of ours outranks a result: who knows what that attempt would have earned.
_RANK = {"ours": 2, "graded": 1, "refused": 0}


def standings_of(
    run_id: int, candidates: list[Candidate], desk: Desk, rule: str
) -> tuple[list[Standing], list[Attempt]]:
    """Everybody's row and every attempt behind it, in the order of keys."""
    standings: list[Standing] = []
    attempts: list[Attempt] = []
    for candidate in candidates:
        key = candidate.student.key
        tried = _all_attempts(candidate, desk)
        chosen = _chosen(tried, desk, rule)
        standings.append(
            Standing(
                run_id=run_id,
                student=key,
                person=canonical(vars(candidate.student)),
                state="absent" if chosen is None else _state(tried[chosen], desk),
                chosen=chosen,
                flags=canonical(list(candidate.flags)),
            )
        )
        attempts += [
            Attempt(
                run_id=run_id,
                student=key,
                position=position,
                label=known.attempt.label,
                late=known.attempt.late,
                digest=known.digest,
                reason=known.reason,
                notes=canonical(list(known.notes)),
            )
            for position, known in enumerate(tried)
        ]
    return standings, attempts


def _all_attempts(candidate: Candidate, desk: Desk) -> list[Known]:
    """What became of every attempt; under `last` the earlier ones were not looked at."""
    looked_at = {known.attempt: known for known in desk.known[candidate.student.key]}
    return [
        looked_at.get(attempt, Known(attempt, None, "an earlier attempt"))
        for attempt in candidate.attempts
    ]


def _chosen(tried: list[Known], desk: Desk, rule: str) -> int | None:
    if not tried:
        return None
    if rule == "last":
        return len(tried) - 1

    def worth(position: int) -> tuple[int, float, float, int]:
        known = tried[position]
        points = desk.points.get(known.digest or "")
        rank = _RANK[_state(known, desk)]
        return (
            (rank, points.earned, points.extension, position) if points else (rank, 0, 0, position)
        )

    return max(range(len(tried)), key=worth)


def _state(known: Known, desk: Desk) -> str:
    return desk.points[known.digest].state if known.digest else "refused"
