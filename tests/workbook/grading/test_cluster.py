"""On a Dask cluster everyone has one row too, over TLS, and whichever worker is killed."""

import datetime
import ipaddress
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dask
import distributed
import pytest
from conftest import archive
from fake_grader import FakeGrader

from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.running.cluster import DaskCrew, Tls
from workbook.grading.running.crew import CannotStart
from workbook.grading.running.events import Event, Settled
from workbook.grading.running.run import Plan, grade_class

PLAN = Plan(catalogue=Catalogue(extension=("tenancy",)))

pytestmark = pytest.mark.proof


@contextmanager
def cluster(**about: Any) -> Iterator[Any]:
    # On a busy machine a process may need longer to answer than Dask waits by itself.
    patient = {f"distributed.comm.timeouts.{what}": "180s" for what in ("connect", "tcp")}
    with dask.config.set(patient), distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", worker_dashboard_address=None,
        **about,
    ) as made:  # fmt: skip
        yield made


def same_bytes(one: Path, other: Path) -> bool:
    return all(
        (one / path).read_bytes() == (other / path).read_bytes()
        for path in ("grades.csv", "results/ada.json", "exports/canvas.csv", "report/index.html")
    )


def test_a_cluster_and_a_killed_worker_change_nothing(klass: Path, tmp_path: Path) -> None:
    for number in range(8):
        archive(klass / f"more{number}.zip", f"passes = {number % 7}  # slow = 0.2 {number}\n")
    grade_class(klass, tmp_path / "local", FakeGrader, PLAN)
    events: list[Event] = []
    with cluster() as made:
        pids = [worker.process.process.pid for worker in made.workers.values()]

        def kill_one(event: Event) -> None:
            events.append(event)
            if len([one for one in events if isinstance(one, Settled)]) == 4:
                os.kill(pids[0], signal.SIGKILL)

        crew = partial(DaskCrew, made.scheduler_address, FakeGrader)
        grade_class(klass, tmp_path / "dask", FakeGrader, PLAN, crew=crew, on_event=kill_one)
    assert len([one for one in events if isinstance(one, Settled)]) == 16
    assert same_bytes(tmp_path / "local", tmp_path / "dask")


def test_tls_lets_in_who_has_a_certificate_and_nobody_else(klass: Path, tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    security = distributed.Security(
        tls_ca_file=str(tls.authority), require_encryption=True,
        **{f"tls_{who}_cert": str(tls.certificate) for who in ("scheduler", "worker", "client")},
        **{f"tls_{who}_key": str(tls.key) for who in ("scheduler", "worker", "client")},
    )  # fmt: skip
    with cluster(security=security, protocol="tls") as made:
        assert made.scheduler_address.startswith("tls://")
        crew = partial(DaskCrew, made.scheduler_address, FakeGrader, tls)
        ledger = grade_class(klass, tmp_path / "out", FakeGrader, PLAN, crew=crew)
        assert len(ledger.rows) == 7
        with pytest.raises(CannotStart, match="asks for TLS"):
            DaskCrew(made.scheduler_address, FakeGrader)


def test_without_a_scheduler_the_run_says_so() -> None:
    with pytest.raises(CannotStart, match="no Dask scheduler answers"):
        DaskCrew("tcp://127.0.0.1:9", FakeGrader, patience="1s")


def certificates(folder: Path) -> Tls:
    """An authority and a certificate of it, for this machine and this test."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)
    pem = serialization.Encoding.PEM
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a class")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Tls(folder / "cert.pem", folder / "cert.pem", folder / "key.pem")
