"""Each rung holds what it promises, as root and as another user; each attack is real."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.accounts import USER, opened
from workbook.sandbox import (
    PLAIN,
    Proof,
    Rung,
    SandboxError,
    bubblewrap,
    interpreter_trees,
    prove,
    selftest,
)
from workbook.sandbox import selftest as selftest_of
from workbook.sandbox.jail import outermost
from workbook.sandbox.ladder import RUNGS, named
from workbook.sandbox.other_user import is_root
from workbook.sandbox.rehearsal import ATTACKS, NEEDS

ROOT = Path(__file__).parents[2]


def cases() -> list[Any]:
    """Pair each rung with the accounts that can try it on this machine."""
    if not is_root():
        pairs = [("this user", rung) for rung in RUNGS if rung.available() is None]
    elif bubblewrap.missing():
        pairs = [("root", rung) for rung in RUNGS if rung.available() is None]
    else:
        pairs = [("root", rung) for rung in RUNGS if rung.mounts or rung.other_user]
        pairs += [("another user", rung) for rung in RUNGS if not rung.other_user]
    return [pytest.param(who, rung, id=f"{rung.name}, {who}") for who, rung in pairs]


@pytest.mark.parametrize(("who", "rung"), cases())
def test_a_rung_holds_all_that_it_promises(who: str, rung: Rung) -> None:
    """The stronger rungs are off: this one is named."""
    before = opened() if who == "another user" or rung.other_user else []
    become = USER if who == "another user" else []
    command = [sys.executable, "-m", "workbook.sandbox", "--json", "--rung", rung.name]
    ran = subprocess.run(
        [*before, *become, *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode() + ran.stdout.decode()
    proofs = {proof["name"]: proof for proof in json.loads(ran.stdout)}
    assert set(proofs) == {*ATTACKS, *NEEDS}
    open_ = {name for name, proof in proofs.items() if not proof["held"]}
    assert open_ <= rung.gaps
    assert not open_ & set(NEEDS)


def test_each_attack_succeeds_where_nothing_stops_it() -> None:
    """Otherwise its refusal would prove nothing; the machine it succeeds on is a jail."""
    machine = [
        *("bwrap", "--unshare-all", "--uid", "0", "--gid", "0", "--cap-add", "ALL"),
        *("--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--tmpfs", "/tmp", "--tmpfs", "/var/tmp"),
    ]
    ours = outermost([*interpreter_trees(), ROOT])
    hidden = ("/tmp", "/var/tmp")
    under = [str(tree) for tree in ours if any(tree.is_relative_to(one) for one in hidden)]
    machine += [word for tree in under for word in ("--ro-bind", tree, tree)]
    machine += ["--"]
    code = (
        "import json; from workbook.sandbox import PLAIN, selftest;"
        "print(json.dumps([p.name for p in selftest(PLAIN, even_without_walls=True) if p.held]))"
    )
    ran = subprocess.run(
        [*machine, sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert json.loads(ran.stdout) == list(NEEDS)


def test_nothing_is_attacked_on_the_rung_without_walls() -> None:
    """There the attacks would reach the machine itself."""
    assert selftest(PLAIN) == []


def test_a_broken_promise_stops_the_run_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was seen and where to see all of it."""
    broken = [Proof("reads a file outside", False, True, "got 'secret'")]
    module = sys.modules[selftest_of.__module__]
    monkeypatch.setattr(module, "selftest", lambda rung: broken)
    with pytest.raises(SandboxError, match=r"reads a file outside \(got 'secret'\)"):
        prove(RUNGS[0])


def test_a_gap_that_a_rung_states_breaks_no_promise() -> None:
    """What is open is shown in the report as open."""
    rung = named("landlock+seccomp")
    proof = Proof("fills the disk", False, "fills the disk" not in rung.gaps, "")
    assert proof.kept


def test_every_gap_is_the_name_of_an_attack() -> None:
    """A gap with a typing error would promise what it means to leave out."""
    assert frozenset().union(*(rung.gaps for rung in RUNGS)) <= set(ATTACKS)


def test_the_rehearsal_that_dies_early_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was never tried isn't called held."""
    module = sys.modules[selftest_of.__module__]
    monkeypatch.setattr(module.sys, "executable", "/nonexistent/python")
    rung = next((rung for rung in RUNGS if rung.mounts and rung.available() is None), None)
    if rung is None:
        pytest.skip("bubblewrap doesn't work here")
    proofs = selftest(rung)
    assert len(proofs) == len(ATTACKS) + len(NEEDS)
    assert not any(proof.held for proof in proofs)
    assert "not reached" in proofs[0].detail
