"""The reference as it is deployed: uvicorn in a process of its own, asked over loopback."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from workbook.course import Course
from workbook.postgres import Server
from workbook.postgres.account import programs, server_account

DOMAIN = "api.test"


@asynccontextmanager
async def served(folder: Path, database: str, domain: str = "") -> AsyncIterator[str]:
    """The address of the application on a database, once it is ready; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"DATABASE_URL": database, "PYTHONPATH": str(Course.load().root)}
    if domain:
        names["TENANT_BASE_DOMAIN"] = domain
    command = [sys.executable, "-m", "uvicorn", "solution.main:app", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--log-level", "warning", "--backlog", "4096"]
    # No connection is closed for being idle while a slow machine's client takes it up again.
    command += ["--timeout-keep-alive", "600"]
    said = (folder / "uvicorn.txt").open("w")
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **names}, cwd=folder, stdout=said, stderr=said
    )
    try:
        address = f"http://127.0.0.1:{port}"
        await ready(address)
        yield address
    finally:
        process.terminate()
        code = await process.wait()
        said.close()
    assert code in (0, -15), (folder / "uvicorn.txt").read_text()


async def ready(address: str, seconds: float = 30) -> None:
    """Waits until the application says that it is ready."""
    async with asyncio.timeout(seconds), httpx.AsyncClient(base_url=address) as client:
        while True:
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # it doesn't listen yet
            await asyncio.sleep(0.1)


def control(server: Server, *arguments: str) -> None:
    """Runs pg_ctl on a server of ours, as the account that owns it."""
    account, data = server_account(), server.folder / "data"
    subprocess.run(
        [str(programs(account) / "pg_ctl"), *arguments, "-w", "-D", str(data)],
        check=True,
        cwd=server.folder,
        stdout=subprocess.DEVNULL,
        **account.arguments(),
    )
