"""One PostgreSQL cluster in a folder: made, started, stopped.

Everything in a cluster is disposable, so it trades safety for speed (no fsync), and
one that doesn't start is made anew.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from workbook.postgres.account import DatabaseUnavailable, programs, server_account
from workbook.postgres.settings import ACCESS, ADMIN, MEMORY, READER, SETTINGS

WINDOWS = sys.platform == "win32"


class Cluster:
    """A data folder, its password and its way in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._rules = self.data / "pg_hba.conf"

    def password(self, role: str) -> str:
        """The password of a role, derived from a secret only we can read."""
        secret = (self.folder / "secret").read_bytes()
        return hmac.new(secret, role.encode(), "sha256").hexdigest()[:32]

    def address(self) -> tuple[str, int] | None:
        """Socket folder (or host) and port of the running server, else `None`."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            port, sockets, host = int(lines[3]), lines[4], lines[5]
            program = (self.data / "postmaster.opts").read_text().split(" ")[0]
        except (OSError, IndexError, ValueError):
            return None
        # Where it was installed may be deleted while it runs: then it makes no more databases.
        if not WINDOWS and not Path(program).exists():
            return None
        where = host if WINDOWS else sockets
        family = socket.AF_INET if WINDOWS else socket.AF_UNIX
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.connect((host, port) if WINDOWS else f"{sockets}/.s.PGSQL.{port}")
            except OSError:
                return None
        return where, port

    def start(self) -> None:
        """Start the server, on a cluster made anew where the old one won't go."""
        self._prepare()
        existed = (self.data / "PG_VERSION").exists()
        try:
            if not existed:
                self._make()
            self._launch()
        except DatabaseUnavailable:
            if not existed:
                raise
            self.stop()
            self._make()
            self._launch()

    def renew_access(self) -> None:
        """Give a server that runs the rules of today: who may enter which database."""
        if self._rules.read_text() != ACCESS:
            self._rules.write_text(ACCESS)
            self._run("pg_ctl", "reload", "-D", str(self.data), needed=True)

    def stop(self) -> None:
        """Stop the server if one runs, whatever state it is in."""
        for mode in ("fast", "immediate"):
            if self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.data)):
                break
        self._remove_sockets()

    def _prepare(self) -> None:
        self.account = server_account()
        self.programs = programs(self.account)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.account.uid is not None:
            self.folder.chmod(0o711)
        if not self.account.can_reach(self.folder):
            raise DatabaseUnavailable(
                f"Root's PostgreSQL runs as another account, which can't enter {self.folder}. "
                f"Choose a folder that everybody may enter."
            )
        secret = self.folder / "secret"
        if not secret.exists():
            with open(os.open(secret, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))

    def _make(self) -> None:
        for folder in (self.data, self.log):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            self.account.own(folder)
        password = self.folder / "password"
        password.write_text(self.password(ADMIN))
        password.chmod(0o600)
        self.account.own(password)
        try:
            self._run(
                "initdb", "-U", ADMIN, "--auth=scram-sha-256", f"--pwfile={password}",
                "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale-provider=builtin",
                "--locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C", "-D", str(self.data),
                needed=True,
            )  # fmt: skip
        finally:
            password.unlink()
        # The judge reads as a role that may see every row and change none.
        roles = (
            f"CREATE ROLE {READER} LOGIN BYPASSRLS PASSWORD '{self.password(READER)}'\n"
            f"GRANT pg_read_all_data TO {READER}\n"
            f"ALTER ROLE {READER} SET default_transaction_read_only = on\n"
            "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC\n"
        )
        self._run("postgres", "--single", "-D", str(self.data), ADMIN, feed=roles, needed=True)

    def _launch(self) -> None:
        self._clear_the_way()
        if WINDOWS:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                place = f"listen_addresses = '127.0.0.1'\nport = {free.getsockname()[1]}\n"
        else:
            sockets = Path(tempfile.mkdtemp(prefix="workbook-", dir=_short_folder()))
            sockets.chmod(0o711)
            self.account.own(sockets)
            (self.folder / "sockets").write_text(str(sockets))
            place = f"listen_addresses = ''\nport = 5432\nunix_socket_directories = '{sockets}'\n"
        directory = f"log_directory = '{self.log.as_posix()}'\n"
        self._rules.write_text(ACCESS)
        (self.data / "postgresql.conf").write_text(SETTINGS + directory + place)
        self._run(
            "pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.log / "start.txt"),
            needed=True, bounded=True,
        )  # fmt: skip

    def _clear_the_way(self) -> None:
        """Remove what a server that was killed left behind."""
        pid = self.data / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(pid.read_text().splitlines()[0]))
            if process.name().startswith("postgres"):
                self.stop()
        pid.unlink(missing_ok=True)
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        note = self.folder / "sockets"
        with suppress(OSError):
            sockets = Path(note.read_text())
            if re.fullmatch(r"workbook-\w+", sockets.name) and not sockets.is_symlink():
                shutil.rmtree(sockets)
            note.unlink()

    def _run(
        self,
        program: str,
        *arguments: str,
        feed: str = "",
        needed: bool = False,
        bounded: bool = False,
    ) -> bool:
        if not hasattr(self, "programs"):
            self._prepare()
        # PostgreSQL knows no limit of memory: one statement may take all of the machine's.
        limit = ["/bin/sh", "-c", f'ulimit -v {MEMORY}; exec "$@"', "sh"]
        before = limit if bounded and sys.platform == "linux" else []
        # A file, not a pipe: the server inherits it and would keep a pipe open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [*before, str(self.programs / program), *arguments],
                input=feed.encode(), stdout=said, stderr=subprocess.STDOUT, cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"}, check=False, **self.account.arguments(),
            )  # fmt: skip
            said.seek(0)
            words = said.read().decode(errors="replace").split("\n")
        if done.returncode and needed:
            start = self.log / "start.txt"
            if program == "pg_ctl" and start.exists():
                words = start.read_text(errors="replace").split("\n")
            last = " ".join(" ".join(words).split())[-400:]
            raise DatabaseUnavailable(f"PostgreSQL's {program} stopped: {last}")
        return done.returncode == 0


def _short_folder() -> str:
    # A socket's path may have about 100 characters; macOS's own temporary folder uses half.
    return "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()
