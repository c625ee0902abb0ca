"""Every attack of the bank gets its verdict, steals nothing, and leaves nothing behind."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.course.attacks import Attack, World, attacks, company, faults, staged
from tests.course.bank import lay
from tests.course.packing import Recipe, recipes
from workbook.course import Course
from workbook.cuts import render
from workbook.grading.grader import GraderFault
from workbook.grading.intake.archives import Archive
from workbook.grading.intake.limits import Refused
from workbook.grading.intake.staging import stage
from workbook.grading.running.judging import JailedGrader
from workbook.judge.run import Judges
from workbook.sandbox import choose, rungs

COURSE = Course.load()
BANK, ARCHIVES = attacks(), recipes()
RUNGS = [rung.name for rung in rungs()[:-1] if rung.available() is None]
NEAR = ("engine.tables", "engine.build")
HONEST = Attack("", "honest", "A whole answer.")
BARE = Attack("", "bare", "Nothing was begun.", base="starter")


def named(one: Attack | Recipe) -> str:
    """How a test calls it."""
    return f"{one.kind}.{one.name}" if isinstance(one, Attack) else one.name


def test_the_bank_is_large_and_every_attack_has_a_story_of_its_own() -> None:
    assert len(BANK) + len(ARCHIVES) >= 60
    assert len({one.story for one in BANK if one.story != "The same."}) >= len(BANK) - 6
    assert sum(one.weaker for one in BANK) >= 10


def test_every_attack_fits_the_reference(tmp_path: Path) -> None:
    with World.laid_out() as world, warnings.catch_warnings():
        for place, one in enumerate(BANK):
            root = one.lay(COURSE, world, tmp_path / str(place))
            text = (root / "app" / "database.py").read_text(errors="replace")
            if len(text) < 50_000:
                compile(text, one.name, "exec")


@pytest.mark.parametrize("recipe", ARCHIVES, ids=named)
def test_an_archive_with_a_trick_is_refused_with_a_reason(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        stage(Archive(recipe.pack(tmp_path)))
    assert recipe.says in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [recipe.pack(tmp_path).name]


async def test_a_skill_that_climbs_out_of_its_project_writes_nothing(
    judges: Judges, tmp_path: Path
) -> None:
    target = tmp_path / "climbed.py"
    path = "app/models/" + "../" * 12 + target.as_posix().lstrip("/")
    texts = render(COURSE, (), package="app")
    texts["skill/SKILL.md"] += f'\n```python title="{path}"\nx = 1\n```\n'
    lay(texts, tmp_path / "work")
    result = await judges.run(["review.skill"], tmp_path / "work", databases=["sqlite"])
    assert {row["verdict"] for row in result["checks"]} == {"ok"}
    assert not target.exists()


class Bench:
    """One grader, what an honest answer gets from it, and who keeps it company."""

    def __init__(self, grader: JailedGrader, world: World, folder: Path) -> None:
        self.grader, self.world, self.folder = grader, world, folder
        self.turns = 0
        self.bare = self.grade(BARE, ("engine",))
        self.honest = self.grade(HONEST, NEAR)
        self.company = company()

    def grade(self, attack: Attack, checks: Sequence[str]) -> dict[str, Any]:
        self.turns += 1
        root = attack.lay(COURSE, self.world, self.folder / f"{self.turns}-laid")
        self.grader.checks = checks
        result = self.grader.grade(staged(root, self.folder / f"{self.turns}"), seed=7)
        result.pop("timing")
        return result

    def faults(self, attack: Attack) -> list[str]:
        """What went otherwise than it should, with the attack and with who came after it."""
        near = attack.base == "reference" and set(attack.spoils) <= {"engine.tables"}
        result = self.grade(attack, NEAR if near else ("engine",))
        found = faults(attack, result, self.bare) + self.world.faults(result)
        if self.grade(HONEST, NEAR) != self.honest:
            found.append("the honest answer after it was graded otherwise")
        if (now := company()) != self.company:
            found.append(f"other processes run than before: {now}, before {self.company}")
        return found


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bench]]:
    """A bench for a rung, one at a time, so that nobody else's processes are its company.

    Entering a grader runs the self-test, and nothing starts without.
    """
    folder = tmp_path_factory.mktemp("hostile")
    with World.laid_out() as world, ExitStack() as stack:
        made: dict[str, Bench] = {}

        def on(rung: str) -> Bench:
            if rung not in made:
                stack.close()
                made.clear()
                grader = stack.enter_context(JailedGrader(rung=rung))
                assert grader.containment["self_test"]
                made[rung] = Bench(grader, world, Path(tempfile.mkdtemp(dir=folder)))
            return made[rung]

        yield on


@pytest.mark.proof
@pytest.mark.parametrize("attack", BANK, ids=named)
def test_an_attack_gets_its_verdict_and_the_next_answer_its_points(
    attack: Attack, bench: Callable[[str], Bench]
) -> None:
    assert bench(choose().name).faults(attack) == []


@pytest.mark.proof
@pytest.mark.parametrize("attack", [one for one in BANK if one.weaker], ids=named)
@pytest.mark.parametrize("rung", RUNGS[1:])
def test_weaker_rungs_hold_too(attack: Attack, rung: str, bench: Callable[[str], Bench]) -> None:
    assert bench(rung).faults(attack) == []


@pytest.mark.proof
def test_nothing_is_run_when_the_self_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbook import sandbox

    def broken(rung: sandbox.Rung) -> list[sandbox.Proof]:
        raise sandbox.SandboxError("The sandbox does not keep its promise on this machine.")

    monkeypatch.setattr(sandbox, "prove", broken)
    with pytest.raises(GraderFault, match="promise"), JailedGrader():
        pass
