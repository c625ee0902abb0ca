"""`workbook grade` and `workbook merge`: a folder of submissions becomes grades."""

import re
import shlex
import sys
from contextlib import ExitStack, closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from workbook.commands.place import CourseOption, Db
from workbook.cores import cores
from workbook.course import Course, CourseError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.grader import GraderFactory
from workbook.grading.intake.roster import read_roster
from workbook.grading.running.crew import CannotStart, Crew, LocalCrew
from workbook.grading.running.making import GRADER, maker
from workbook.grading.running.progress import Progress
from workbook.grading.verbs.speaking import (
    GraderOption,
    OutOption,
    UnsafeOption,
    out_console,
    say,
    told,
)

OUT = Path("grades")
GRADERS_A_CORE = 4


class Rule(StrEnum):
    """Which of several attempts counts."""

    best = "best"
    last = "last"


def grade(
    folder: Annotated[Path, typer.Argument(help="The class: a folder, or the zip of one.")],
    roster: Annotated[
        Path | None, typer.Option("--roster", help="Who is in the class, as CSV.")
    ] = None,
    out: OutOption = OUT,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Graders at once (one a core).")
    ] = None,
    attempts: Annotated[
        Rule, typer.Option("--attempts", help="Which of several attempts counts.")
    ] = Rule.best,
    lesson: Annotated[
        list[str] | None,
        typer.Option("--lesson", help="Grade this lesson or exercise alone; may be repeated."),
    ] = None,
    db: Annotated[Db, typer.Option("--db", help="The databases to grade on.")] = Db.both,
    one: Annotated[
        bool, typer.Option("--one", help="The folder is one submission, not a class.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run cut off.")] = False,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Grade the i-th of n parts.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Grade on a Dask cluster.")
    ] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="The cluster's authority (PEM).")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Our certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Our key (PEM).")] = None,
    unsafe: UnsafeOption = False,
    course: CourseOption = None,
    grader: GraderOption = GRADER,
) -> None:
    """Grades a class: hundreds of submissions, each in a sandbox, none lost."""
    with told("add --resume"), ExitStack() as opening:
        lessons = tuple(lesson or ())
        try:
            factory = maker(grader)(course, databases=db.kinds, unsafe=unsafe, checks=lessons)
            catalogue = Catalogue.of(Course.load(course), lessons, db.kinds)
        except CourseError as error:
            raise ValueError(str(error)) from error
        part, at_once = _shard(shard), 1 if one else _at_once(jobs, local=dask is None)
        people = read_roster(roster) if roster else None
        here = opening.enter_context(closing(LocalCrew(factory, at_once)))
        there = _cluster(dask, factory, (tls_ca, tls_cert, tls_key))
        if there:
            opening.enter_context(closing(there))
        if folder.exists() and not (dask or out.exists()):
            # While this process imports what it needs itself; no more than there are folders.
            here.start(len(list(folder.iterdir())) if folder.is_dir() else at_once)
        from workbook.grading.running.run import Plan, Stopped, grade_class
        from workbook.grading.verbs.summary import exit_code, summary

        plan = Plan(
            databases=db.kinds,
            attempts=attempts.value,
            jobs=at_once,
            one=one,
            resume=resume,
            shard=part,
            catalogue=catalogue,
        )
        try:
            with Progress(out_console()) as progress:
                ledger = grade_class(
                    folder,
                    out,
                    factory,
                    plan,
                    roster=people,
                    crew=lambda: there or here,
                    on_event=progress.show,
                )
        except Stopped as stopped:
            say(f"{stopped}; all of them are kept. To go on:")
            say(f"  {_again(sys.argv[1:])}")
            raise typer.Exit(130) from None
        except KeyboardInterrupt:
            say("stopped at once; what is graded is kept. To go on:")
            say(f"  {_again(sys.argv[1:])}")
            raise typer.Exit(130) from None
        except CannotStart as error:
            raise CannotStart(f"{error}. Mend that and add --resume to go on") from error
    summary(ledger, out)
    raise typer.Exit(exit_code(ledger))


def merge(
    outs: Annotated[list[Path], typer.Argument(help="The --out folders of every shard.")],
    out: OutOption = OUT,
) -> None:
    """Brings the shards of one class together into one gradebook."""
    from workbook.grading.running.merging import merge as merge_shards
    from workbook.grading.verbs.summary import exit_code, summary

    with told():
        ledger = merge_shards(outs, out)
    summary(ledger, out)
    raise typer.Exit(exit_code(ledger))


def _at_once(jobs: int | None, *, local: bool) -> int:
    """How many graders work at once: one a core, unless somebody knows better."""
    if local and jobs and jobs > cores() * GRADERS_A_CORE:
        raise ValueError(
            f"--jobs {jobs} would only make all of them slow: this machine has {cores()} for them,"
            f" and takes {cores() * GRADERS_A_CORE} at most. Leave it out for one a core, or see"
            " --shard and --dask for more machines"
        )
    return jobs or cores()


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(f"--shard is i/n with i from 1 to n, as 2/8, not {text}")
    return int(found[1]), int(found[2])


def _cluster(
    address: str | None, factory: GraderFactory, tls: tuple[Path | None, Path | None, Path | None]
) -> Crew | None:
    """The cluster, met before anything is written; None without `--dask`."""
    authority, certificate, key = tls
    if address is None:
        if any(tls):
            raise ValueError(
                "--tls-ca, --tls-cert and --tls-key go with --dask: name the scheduler"
            )
        return None
    from workbook.grading.running.cluster import DaskCrew, Tls

    if authority and certificate and key:
        return DaskCrew(address, factory, Tls(authority, certificate, key))
    if any(tls):
        raise ValueError("TLS needs all three: --tls-ca, --tls-cert and --tls-key")
    return DaskCrew(address, factory)


def _again(words: list[str]) -> str:
    """The command that goes on with what this one began."""
    again = words if "--resume" in words else [*words, "--resume"]
    return shlex.join(["workbook", *again])
