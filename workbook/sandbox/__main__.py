"""Print the ladder of this machine and what the self-test of one rung saw."""

import argparse
import json
import sys

from workbook.sandbox.errors import SandboxError
from workbook.sandbox.ladder import PLAIN, choose, rungs
from workbook.sandbox.selftest import Proof, selftest


def main() -> int:
    """Answer 0 when every promise of the rung holds, 1 when one does not, 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m workbook.sandbox", description=__doc__)
    parser.add_argument("--rung", help="test this one, not the strongest")
    parser.add_argument("--json", action="store_true", help="print the proofs as JSON")
    options = parser.parse_args()
    try:
        rung = choose(options.rung)
        if not options.json:
            _print_ladder(rung.name)
        proofs = selftest(rung)
    except SandboxError as error:
        if not options.rung:
            _print_ladder("")
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([proof.__dict__ for proof in proofs]))
    else:
        _print_proofs(proofs)
    return 0 if all(proof.kept for proof in proofs) else 1


def _print_ladder(chosen: str) -> None:
    for rung in rungs():
        reason = rung.available()
        if rung is PLAIN:
            reason = "only when --unsafe is typed, and never by root"
        mark = "chosen" if rung.name == chosen else "" if reason else "ready"
        print(f"{mark:8}{rung.name:30}{rung.isolation:18}{reason or rung.summary}")


def _print_proofs(proofs: list[Proof]) -> None:
    print()
    for proof in proofs:
        state = "held" if proof.held else "NOT HELD" if proof.promised else "open"
        print(f"{state:10}{proof.name:48}{proof.detail}")
    held = sum(proof.held for proof in proofs)
    print(f"\n{held} of {len(proofs)} held; {sum(not p.kept for p in proofs)} promises broken")


if __name__ == "__main__":
    sys.exit(main())
