"""What the machine can do, told in words and without a stumble."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbook import doctor
from workbook.commands import app
from workbook.postgres import DatabaseUnavailable, Server
from workbook.sandbox import bubblewrap


def find(name: str) -> doctor.Finding:
    return next(finding for finding in doctor.examine() if finding.name == name)


def test_every_look_ends_in_a_sentence_and_a_known_state() -> None:
    findings = doctor.examine()
    assert {finding.name for finding in findings} == set(doctor.LOOKS)
    for finding in findings:
        assert finding.state in ("ok", "limited", "missing")
        assert finding.says
        assert "\n" not in finding.says
        assert "ended with" not in finding.says


def test_this_machine_can_run_the_checks() -> None:
    states = {finding.name: finding.state for finding in doctor.examine()}
    assert {states[name] for name in ("python", "sqlite", "postgresql", "jupyter")} == {"ok"}


def test_a_refused_server_is_reported_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Server:
        raise DatabaseUnavailable("no wheel for this machine")

    monkeypatch.setattr(Server, "shared", refuse)
    finding = find("postgresql")
    assert (finding.state, finding.says) == ("missing", "no wheel for this machine")
    assert "--db-url" in finding.cure


def test_a_package_of_another_version_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("sqlalchemy==1.0\nhttpx>=0.1\nnobody-has-this==1 ; sys_platform == 'never'\n")
    monkeypatch.setattr(doctor, "LOCK", lock)
    finding = find("packages")
    assert (finding.state, "sqlalchemy" in finding.says) == ("limited", True)
    assert "httpx" not in finding.says


def test_a_missing_program_is_said_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(bubblewrap, "missing", lambda: "no program bwrap")
    assert find("bubblewrap").state == "limited"
    assert find("bubblewrap").cure
    assert "apt install chromium" in find("browser").cure


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("limited", 0), ("missing", 1)])
def test_what_is_missing_is_an_exit_code_and_what_is_limited_is_not(
    monkeypatch: pytest.MonkeyPatch, state: doctor.State, code: int
) -> None:
    found = [doctor.Finding("browser", state, "So it stands.")]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    assert CliRunner().invoke(app, ["doctor"]).exit_code == code


def test_a_look_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble() -> doctor.Seen:
        raise RuntimeError("no such thing")

    monkeypatch.setitem(doctor.LOOKS, "landlock", stumble)
    assert find("landlock").state == "missing"
    assert find("python").state == "ok"
