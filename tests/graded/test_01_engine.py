"""Lesson 1, engine: from a URL to sessions, with nothing left open."""

from itertools import cycle
from urllib.parse import quote, urlencode

from workbook.judge import Work, check

POSTGRES, SQLITE = "postgresql+asyncpg", "sqlite+aiosqlite"


async def converted(work: Work, urls: list[str]) -> list[dict]:
    """The parts of each URL's async form; a refusal is the story."""
    seen = await work.probe("engine.convert", urls=urls)
    forms = []
    for url, answer in zip(urls, seen.value, strict=True):
        work.expect(
            "error" not in answer,
            f"We gave {url!r} to get_async_database_url and expected its async form; it raised "
            f"{refusal(answer)}.",
            seen,
        )
        once, twice = answer["value"]["once"], answer["value"]["twice"]
        work.expect(
            once == twice,
            f"We gave the async form of {url!r} in once more and expected it unchanged: "
            f"{once['drivername']} became {twice['drivername']}, {once['query']} became "
            f"{twice['query']}.",
        )
        forms.append(once)
    return forms


def refusal(answer: dict) -> str:
    """What was raised, in words; what came back where nothing was."""
    error = answer.get("error")
    return f"{error['types'][0]}: {error['message']}" if error else repr(answer["value"])


@check("engine.url.finds_the_async_driver")
async def test_url_finds_the_async_driver(work: Work) -> None:
    """gives every PostgreSQL and SQLite URL its async driver, once"""
    host, name = work.draw.word(), work.draw.word()
    schemes = ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg", POSTGRES]
    urls = {f"{scheme}://kim@{host}:6543/{name}": (POSTGRES, name) for scheme in schemes}
    urls |= {
        f"  POSTGRES://kim@{host}:6543/{name}\n": (POSTGRES, name),
        f"PostgreSQL+Psycopg2://kim@{host}:6543/{name}": (POSTGRES, name),
        f"sqlite:///{name}.db": (SQLITE, f"{name}.db"),
        f"sqlite+aiosqlite:////tmp/{name}.db": (SQLITE, f"/tmp/{name}.db"),
        f" SQLITE:///{name}.db ": (SQLITE, f"{name}.db"),
    }
    forms = await converted(work, list(urls))
    for (url, (driver, database)), form in zip(urls.items(), forms, strict=True):
        work.expect(
            form["drivername"] == driver,
            f"We gave {url!r} and expected the driver {driver}; found {form['drivername']}.",
        )
        work.expect(
            form["database"] == database,
            f"We gave {url!r} and expected the database {database}; found {form['database']}.",
        )
        if driver == POSTGRES:
            place = (form["username"], form["host"], form["port"])
            work.expect(
                place == ("kim", host, 6543),
                f"We gave {url!r} and expected user, host and port to stay: found {place}.",
            )


@check("engine.url.keeps_passwords_and_arguments")
async def test_url_keeps_passwords_and_arguments(work: Work) -> None:
    """keeps passwords and the arguments that are not libpq's"""
    word = work.draw.word()
    passwords = [f"{word}@/%:?#&+ X", f"{word}postgresql://", f"{word}+psycopg2", f"sqlite:{word}"]
    passwords.append(f"{word}%41")  # read twice it would end in A
    own = {"command_timeout": "30", "statement_cache_size": "0"}
    own["prepared_statement_cache_size"] = "500"  # the dialect's, which asyncpg never sees
    arguments = urlencode(own)
    urls = [
        f"{scheme}://Kim%40work:{quote(password, safe='')}@db/{word}?{arguments}"
        for scheme, password in zip(cycle(("POSTGRES", "postgresql")), passwords)
    ]
    for password, form in zip(passwords, await converted(work, urls), strict=True):
        work.expect(
            form["password"] == password,
            f"We gave a URL with the password {password!r} and expected the same one; found "
            f"{form['password']!r}. A URL taken apart keeps what text replacing mangles.",
        )
        work.expect(
            form["username"] == "Kim@work",
            "We gave a URL with the user Kim%40work and expected Kim@work; "
            f"found {form['username']!r}.",
        )
        work.expect(
            form["query"] == own,
            f"We gave ?{arguments}, arguments of asyncpg and its dialect, and expected them to "
            f"stay; found {form['query']}.",
        )
    (form,) = await converted(work, [f"sqlite:///{word}.db?timeout=7"])
    work.expect(
        form["query"] == {"timeout": "7"},
        f"We gave sqlite:///{word}.db?timeout=7 and expected timeout to stay; "
        f"found {form['query']}.",
    )


@check("engine.url.translates_libpq_arguments")
async def test_url_translates_libpq_arguments(work: Work) -> None:
    """says sslmode in asyncpg's word and drops what only libpq knows"""
    mode = work.draw.choice(["require", "disable", "prefer", "verify-full"])
    only_libpq = "channel_binding=require&gssencmode=disable&keepalives=1&keepalives_idle=30"
    given = f"sslmode={mode}&{only_libpq}&connect_timeout=10&load_balance_hosts=random"
    schemes = ("postgres", "postgresql+asyncpg")
    urls = [f"{scheme}://kim:pw@db/tasks?{given}" for scheme in schemes]
    *forms, plain = await converted(work, [*urls, "postgresql://kim:pw@db/tasks"])
    for scheme, form in zip(schemes, forms, strict=True):
        work.expect(
            form["query"].get("ssl") == mode,
            f"We gave {scheme}://…?sslmode={mode} and expected ssl={mode}, the word that asyncpg "
            f"knows; found {form['query']}.",
        )
        left = sorted(set(form["query"]) - {"ssl"})
        work.expect(
            not left,
            f"We gave {scheme}://…?{given}; asyncpg refuses {', '.join(left)} as an unexpected "
            "keyword, so we expected it to be gone.",
        )
    work.expect(
        not plain["query"],
        f"We gave a URL without arguments and expected none; found {plain['query']}.",
    )


@check("engine.url.refuses_without_the_password")
async def test_url_refuses_without_the_password(work: Work) -> None:
    """refuses other URLs with a ValueError that never holds the password"""
    secret = f"{work.draw.word()}{work.draw.randrange(10**6)}"
    others = {
        f"mysql://kim:{secret}%2F@db/tasks": "mysql",
        "sqlite3:///tasks.db": "sqlite3",
        f"mssql+pyodbc://kim:{secret}@db/tasks": "mssql",
        f"postgresql://kim:{secret}@db:not-a-port/tasks": "",
        f"postgresql://kim:h@lf:{secret}@db/tasks": "",  # read as the port {secret}@db
        "": "",
        "   ": "",
    }
    await converted(work, [f"postgresql://kim:{secret}@db/tasks"])
    seen = await work.probe("engine.convert", urls=list(others))
    for (url, named), answer in zip(others.items(), seen.value, strict=True):
        shown = repr(url.replace(secret, "…"))
        work.expect(
            "error" in answer, f"We gave {shown} and expected a ValueError; nothing was raised."
        )
        work.expect(
            "ValueError" in answer["error"]["types"] and answer["error"]["message"],
            f"We gave {shown} and expected a ValueError that says why; "
            f"found {refusal(answer).replace(secret, '…')}.",
        )
        said = answer["error"]["message"] + answer["error"].get("cause", {}).get("message", "")
        work.expect(
            secret not in said,
            f"We gave {shown} with a password in it, and the error holds that password. Errors "
            "end in logs; expected one without it, its cause included.",
        )
        work.expect(
            named in said.lower(),
            f"We gave {shown} and expected the message to name the scheme {named}; "
            f"found {answer['error']['message']!r}.",
        )


@check("engine.build.talks_to_the_database")
async def test_build_talks_to_the_database(work: Work) -> None:
    """builds an async engine that reaches the database"""
    plain = work.database.url.replace("+asyncpg", "").replace("+aiosqlite", "")
    seen = await work.probe("engine.build", urls=["", plain])
    for answer in seen.value:
        work.expect(
            "error" not in answer,
            f"We built an engine, connected and asked SELECT 41 + 1; it raised {refusal(answer)}.",
        )
        driver = "asyncpg" if work.kind == "postgresql" else "aiosqlite"
        found = (answer["value"]["answer"], answer["value"]["driver"])
        work.expect(
            found == (42, driver),
            f"We asked SELECT 41 + 1 and expected 42 by {driver}; found {found[0]} by {found[1]}.",
        )


@check("engine.build.survives_a_lost_connection")
async def test_build_survives_a_lost_connection(work: Work) -> None:
    """hands out a live connection after the pooled one was cut"""
    seen = await work.probe("engine.lose_connection")
    error = seen.error_in("after")
    work.expect(
        error is None,
        "We used the engine, ended its idle connection from outside, as a restart of the server "
        f"does, and used the engine again: expected a new connection, found {error}.",
        error,
    )


@check("engine.build.sizes_the_pool_where_it_can")
async def test_build_sizes_the_pool_where_it_can(work: Work) -> None:
    """takes pool sizes where there is a pool, and SQLite in memory too"""
    for overflow in (0, work.draw.randint(1, 2)):
        size = work.draw.randint(1, 3)
        seen = await work.probe("engine.hold", pool_size=size, max_overflow=overflow)
        work.expect(
            seen.value["open"] == size + overflow,
            f"We asked for pool_size={size}, max_overflow={overflow} and opened connections until "
            f"one had to wait: expected {size + overflow} open, found {seen.value['open']}"
            f"{' or more' if seen.value['open'] > size + overflow else ''}.",
        )
    memory = ["sqlite://", "sqlite:///:memory:"]
    seen = await work.probe("engine.build", urls=memory)
    for url, answer in zip(memory, seen.value, strict=True):
        work.expect(
            answer.get("value", {}).get("answer") == 42,
            f"We built an engine for {url}, whose pool takes no sizes, and asked SELECT 41 + 1; "
            f"found {refusal(answer)}.",
        )


@check("engine.sqlite.enforces_foreign_keys")
async def test_sqlite_enforces_foreign_keys(work: Work) -> None:
    """refuses a row that points at nothing, on every connection"""
    missing = work.draw.randint(2, 99)
    seen = await work.probe("engine.orphan", missing=missing)
    accepted = seen.error_in("accepted")
    work.expect(
        accepted is None,
        f"We put a book on shelf 1, which exists, and expected it to be kept; found {accepted}.",
        accepted,
    )
    for place, where in (
        ("refused", "On the engine's second connection"),
        ("in memory", "In a database in memory (sqlite://)"),
    ):
        refused = seen.error_in(place)
        work.expect(
            refused is not None and refused.is_a("IntegrityError"),
            f"{where} we put a book on shelf {missing}, which does not exist: expected an "
            f"IntegrityError, found {refused or 'a row'}. SQLite leaves foreign keys off on each "
            "new connection.",
            refused,
        )


@check("engine.sqlite.takes_released_savepoints_back")
async def test_sqlite_takes_released_savepoints_back(work: Work) -> None:
    """takes a released savepoint back when its transaction rolls back"""
    undone, kept = work.draw.sample(range(1, 100), 2)
    table = f"{work.draw.word()}_undone"
    await work.probe("engine.savepoint", undone=undone, kept=kept, table=table)
    found = [row["id"] for row in await work.rows("SELECT id FROM rung ORDER BY id")]
    work.expect(
        kept in found,
        f"We wrote row {kept} in a savepoint and committed: expected it to stay, found {found}.",
    )
    work.expect(
        undone not in found,
        f"We wrote row {undone} in a savepoint, released it and rolled the transaction back: "
        f"expected the row to be gone, found {found}. The driver had begun no transaction, so "
        "the savepoint was the outermost one and its release committed.",
    )
    work.expect(
        table not in await work.database.tables(),
        f"We created the table {table} and rolled the transaction back: expected it to be gone, "
        "found it. No transaction had begun, so each statement committed itself.",
    )


async def expect_a_factory(work: Work) -> None:
    """Goes on if sessions can be made; a `None` that came back is the story."""
    made = (await work.probe("engine.factory")).value
    work.expect(
        made["callable"],
        "We called build_session_factory(engine): expected a maker of sessions, "
        f"found {made['found']}.",
    )


@check("engine.sessions.keeps_values_after_a_commit")
async def test_sessions_keep_values_after_a_commit(work: Work) -> None:
    """keeps an object's values readable after the commit"""
    await expect_a_factory(work)
    words = work.draw.title()
    seen = await work.probe("engine.after_commit", words=words)
    error = seen.error_in("read")
    work.expect(
        error is None,
        "We added a row, committed, and read one of its attributes without await: expected its "
        f"value, found {error}. The commit had expired the object.",
        error,
    )
    work.expect(
        seen.value["read"]["value"] == words,
        f"We committed a row with {words!r} and read {seen.value['read']['value']!r} back.",
    )
    stored = [row["words"] for row in await work.rows("SELECT words FROM note")]
    work.expect(
        stored == [words],
        f"We committed a row with {words!r} and looked with a new connection: found {stored}.",
    )


@check("engine.sessions.makes_sqlmodel_sessions")
async def test_sessions_are_sqlmodels(work: Work) -> None:
    """makes SQLModel sessions, whose exec() returns objects"""
    await expect_a_factory(work)
    words = work.draw.title()
    seen = await work.probe("engine.run_exec", words=words)
    error = seen.error_in("exec")
    work.expect(
        error is None,
        f"We called session.exec(select(…)) on a session of the factory; it raised {error}. "
        "Expected SQLModel's AsyncSession; SQLAlchemy's own has no exec.",
        error,
    )
    work.expect(
        seen.value["exec"]["value"] == [words],
        f"We selected the one row we had added: expected [{words!r}], "
        f"found {seen.value['exec']['value']}.",
    )
    asked = (await work.probe("engine.makers")).value
    work.expect(
        asked == [0, 1],
        "We made a factory for each of two engines and then a session of each: expected each to "
        f"ask its own engine, the first and the second; found numbers {asked}, counted from 0.",
    )


@check("engine.get_session.rolls_back_on_an_error")
async def test_get_session_rolls_back_on_an_error(work: Work) -> None:
    """rolls back what a failing request wrote, and lets the error go on"""
    lost, kept, apart, left = (work.draw.title() for _ in range(4))
    seen = await work.probe("engine.request", words=lost, fails=True)
    await work.probe("engine.request", words=kept, fails=False)
    await work.probe("engine.request", words=apart, fails=True, beside=True)
    await work.probe("engine.request", words=left, fails=False, commits=False)
    found = [row["words"] for row in await work.rows("SELECT words FROM note")]
    work.expect(
        kept in found,
        f"One request wrote a row and committed: expected the row to stay, found {found}.",
    )
    work.expect(
        lost not in found,
        "One request flushed a row and then failed, uncommitted; we looked with a new "
        "connection: expected no such row, found it. Something committed on the way out.",
    )
    work.expect(
        apart not in found,
        "One request flushed a row, another one committed, then the first one failed: expected "
        "no such row, found it. Two requests had one session.",
    )
    work.expect(
        left not in found,
        "One request flushed a row and ended well without a commit: expected no such row, found "
        "it. Whoever writes commits; a request that only looked must leave nothing behind.",
    )
    error = seen.error_in("left")
    work.expect(
        error is not None and error.is_a("ConnectionAbortedError"),
        "A request failed with an error of its own, and we expected that error to go on to the "
        f"caller; found {error or 'that it was swallowed'}.",
    )


@check("engine.get_session.gives_its_connection_back")
async def test_get_session_gives_its_connection_back(work: Work) -> None:
    """gives its connection back, however the request ends"""
    for way, told in (("ends", "ended well"), ("fails", "failed"), ("closes", "were cut off")):
        word = work.draw.word()
        seen = await work.probe("engine.requests", ways=[way] * 20, word=word)
        answers, opened = seen.value["answers"], seen.value["opened"]
        served = len(answers)
        work.expect(
            served == 20,
            f"20 requests {told}, one after the other: expected all to get a connection; after "
            f"{served} the pool was empty. A session that isn't closed keeps its connection.",
        )
        work.expect(
            answers == [word] * 20,
            f"Each request selected {word!r} with its session; the answers were {answers[:3]}….",
        )
        work.expect(
            opened < 20,
            f"20 requests {told}, one after the other: expected them to share the connections of "
            f"the process's one engine; {opened} new ones were opened.",
        )


@check("engine.tables.makes_the_tables_and_again")
async def test_tables_are_made_and_again(work: Work) -> None:
    """makes every table, with a given engine or none, and can be called again"""
    expected = {"worker", "project", "task", "audit_log"}
    await work.renew()  # connections that requests kept are not in its way
    made = (await work.probe("engine.made_at_import")).value
    work.expect(
        made == 0,
        f"We imported app.database and looked for engines: expected none, found {made}. What is "
        "made at import has read DATABASE_URL too early.",
    )
    await work.probe("engine.create_tables", times=2, named=False)
    found = set(await work.database.tables())
    work.expect(
        expected <= found,
        f"We called create_db_and_tables() twice: expected {', '.join(sorted(expected))}; "
        f"missing: {', '.join(sorted(expected - found))}.",
    )
    fresh = await work.fresh()
    seen = await work.probe("engine.create_tables", times=2, named=True)
    found = set(await fresh.tables())
    work.expect(
        expected <= found,
        "We called create_db_and_tables(engine) with an engine for another database: expected "
        f"the tables there; missing: {', '.join(sorted(expected - found))}.",
    )
    left = sorted(expected - set(seen.value))
    work.expect(
        not left,
        "We called create_db_and_tables(engine) with an engine for SQLite in memory and looked "
        f"with that engine: missing: {', '.join(left)}. Such a database lasts as long as its "
        "connection.",
    )
    anew = sorted(table for table in expected if "judged" not in seen.value[table])
    work.expect(
        not anew,
        "We called it again after we had altered the tables: expected them as they were, with "
        f"every row in them; made anew: {', '.join(anew)}.",
    )
