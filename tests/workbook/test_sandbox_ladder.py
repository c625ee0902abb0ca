"""The strongest rung is taken, and the weakest only by those who ask for it."""

import sys
from pathlib import Path

import pytest

from workbook.sandbox import (
    PLAIN,
    Jail,
    SandboxError,
    bubblewrap,
    choose,
    interpreter_trees,
    ladder,
    landlock,
    other_user,
    rungs,
    seccomp,
)
from workbook.sandbox import rung as one_rung
from workbook.sandbox.jail import SYSTEM, outermost


@pytest.fixture
def nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without bubblewrap, Landlock or seccomp, and an ordinary user on it."""
    monkeypatch.setattr(bubblewrap, "missing", lambda: "no program bwrap")
    monkeypatch.setattr(seccomp, "missing", lambda: "no seccomp")
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(one_rung, "is_root", lambda: False)
    monkeypatch.setattr(ladder, "is_root", lambda: False)


def test_the_first_rung_that_works_is_chosen() -> None:
    """In the order of the ladder."""
    working = [rung for rung in rungs() if rung is not PLAIN and rung.available() is None]
    assert choose() is working[0]


def test_a_rung_can_be_named() -> None:
    """For tests, and for a teacher who wants to see one."""
    working = [rung for rung in rungs() if rung is not PLAIN and rung.available() is None]
    assert [choose(rung.name) for rung in working] == working


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    """One clear line."""
    with pytest.raises(SandboxError, match="no rung is called 'docker'; choose from bubblewrap"):
        choose("docker")


@pytest.mark.usefixtures("nothing_works")
def test_where_nothing_works_the_reasons_and_the_cure_are_named() -> None:
    """And nothing is run."""
    with pytest.raises(SandboxError, match=r"no program bwrap.*type --unsafe\.$"):
        choose()


@pytest.mark.usefixtures("nothing_works")
def test_the_last_rung_is_taken_only_when_unsafe_is_typed() -> None:
    """Even if it is named."""
    with pytest.raises(SandboxError):
        choose("nothing")
    assert choose(unsafe=True) is PLAIN
    assert choose("nothing", unsafe=True) is PLAIN


@pytest.mark.usefixtures("nothing_works")
def test_root_never_runs_the_code_of_others_without_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is typed."""
    monkeypatch.setattr(ladder, "is_root", lambda: True)
    with pytest.raises(SandboxError, match="Run as an ordinary user"):
        choose(unsafe=True)


def test_unsafe_does_not_weaken_a_machine_that_can_do_better() -> None:
    """It permits the last rung; it does not ask for it."""
    assert choose(unsafe=True) is choose()


def test_a_rung_that_cannot_be_used_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the step that shows which can."""
    monkeypatch.setattr(bubblewrap, "missing", lambda: "no program bwrap; install bubblewrap")
    with pytest.raises(SandboxError, match=r"no program bwrap; install bubblewrap\. See which"):
        choose("bubblewrap")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("bwrap: Unknown option --disable-userns", "too old; install 0.8"),
        ("bwrap: setting up uid map: Permission denied", "setting up uid map: Permission denied"),
    ],
)
def test_what_bubblewrap_says_is_passed_on(said: str, reason: str) -> None:
    """In its own words, where they help."""
    failing = [sys.executable, "-c", f"import sys; sys.exit({said!r})"]
    assert reason in str(bubblewrap._fails(failing))


def test_the_walls_without_mounts_are_not_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stay root inside."""
    monkeypatch.setattr(one_rung, "is_root", lambda: True)
    assert "root" in str(ladder.named("landlock+seccomp").available())


def test_an_old_landlock_is_not_enough_where_there_are_no_mounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It can't close abstract sockets and signals."""
    monkeypatch.setattr(one_rung, "is_root", lambda: False)
    monkeypatch.setattr(ladder, "is_root", lambda: False)
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    assert ladder.named("landlock+seccomp").available() == "needs Landlock 6, this kernel has 3"


def test_a_folder_that_others_cannot_enter_is_named(tmp_path: Path) -> None:
    """So that the reader knows what to open."""
    closed = tmp_path / "closed"
    (closed / "venv").mkdir(parents=True)
    closed.chmod(0o700)
    assert other_user.closed_to_others([tmp_path / "closed" / "venv"]) is not None
    assert other_user.closed_to_others([Path("/usr/bin")]) is None


def test_a_rung_without_mounts_asks_for_a_scratch_folder() -> None:
    """Rather than use one that others share."""
    jail = Jail(read=[], staging=Path("/usr/bin"))
    with pytest.raises(SandboxError, match="needs a scratch folder"):
        PLAIN.popen([sys.executable, "-c", ""], jail)


def test_a_plain_process_has_only_the_environment_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one's own code doesn't see what the tool was started with."""
    monkeypatch.setenv("TOKEN", "secret")
    code = "import os, json; print(json.dumps([os.environ.get('TOKEN'), os.environ['LESSON']]))"
    with (tmp_path / "out").open("wb") as out:
        jail = Jail(read=[], staging=tmp_path, scratch=tmp_path)
        process = PLAIN.popen(
            [sys.executable, "-c", code], jail, env={"LESSON": "models"}, stdout=out
        )
        assert process.wait() == 0
    assert (tmp_path / "out").read_text() == '[null, "models"]\n'


def test_the_jail_shows_the_interpreter_and_not_its_neighbours() -> None:
    """A project that lives in /usr/src is not bound along with Python."""
    trees = interpreter_trees()
    assert any(Path(sys.prefix).is_relative_to(tree) for tree in trees)
    shown = (*trees, *SYSTEM)
    assert not any(Path("/usr/src/app").is_relative_to(tree) for tree in shown)


def test_a_tree_inside_another_is_bound_once() -> None:
    """And parents come before children."""
    paths = [Path("/a/b/c"), Path("/a/b"), Path("/a/bc")]
    assert outermost(paths) == [Path("/a/b"), Path("/a/bc")]
