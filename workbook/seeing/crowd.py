"""Many sessions on one pool: who holds a connection, and who waits for one."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import Pool, QueuePool

from workbook.cards.paper import STYLE, template
from workbook.seeing.page import LOOK

_WIDTH, _LEFT, _TOP, _HEIGHT = 900, 40, 14, 190

_PAGE = template("""\
{{ style }}{{ look }}<figure class="wb wb-timed"><div class="wb-box">
<figcaption>{{ told }}</figcaption>
<div class="wb-wide"><svg viewBox="0 0 900 240" role="img" aria-label="{{ told }}">
<title>Connections in use and sessions waiting, over time</title>
{% for y, label in levels %}
<line class="wb-tick" x1="40" x2="900" y1="{{ y }}" y2="{{ y }}"/>
<text class="wb-small" x="32" y="{{ y + 4 }}" text-anchor="end">{{ label }}</text>
{% endfor %}
<path class="wb-waits" d="{{ waiting }}"/><path class="wb-uses" d="{{ in_use }}"/>
{% for x, label in ticks %}
<text class="wb-small" x="{{ x }}" y="224" text-anchor="middle">{{ label }}</text>
{% endfor %}
</svg></div>
<div class="wb-legend" aria-hidden="true">
<span><i style="background:var(--calm)"></i>connections in use</span>
<span><i style="background:var(--yet);opacity:.45"></i>sessions waiting, on top</span></div>
</div></figure>""")


@dataclass
class PoolUse:
    """How a pool served a crowd; `moments` are (seconds, in use, waiting)."""

    sessions: int
    moments: list[tuple[float, int, int]] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def most_in_use(self) -> int:
        return max((used for _, used, _ in self.moments), default=0)

    @property
    def most_waiting(self) -> int:
        return max((waiting for _, _, waiting in self.moments), default=0)

    def __str__(self) -> str:
        served = self.sessions - self.failed.total()
        failed = "".join(f", {n} ended in {name}" for name, n in sorted(self.failed.items()))
        return (
            f"{self.sessions} sessions: at most {self.most_in_use} connections in use"
            f" and {self.most_waiting} sessions waiting; {served} served{failed}"
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        end = max((at for at, _, _ in self.moments), default=0) or 1e-6
        top = max((used + waiting for _, used, waiting in self.moments), default=0) or 1

        def height(level: int) -> float:
            return _TOP + _HEIGHT * (1 - level / top)

        def area(kept: Callable[[int, int], int]) -> str:
            points, last = [f"M{_LEFT} {_TOP + _HEIGHT}"], 0
            for at, used, waiting in self.moments:
                x = _LEFT + at / end * (_WIDTH - _LEFT)
                now = kept(used, waiting)
                points += [f"L{x:.1f} {height(level):.1f}" for level in (last, now)]
                last = now
            return " ".join([*points, f"L{_WIDTH} {_TOP + _HEIGHT} Z"])

        levels = sorted({0, self.most_in_use, top})
        page = _PAGE.render(
            style=STYLE,
            look=LOOK,
            told=str(self),
            in_use=area(lambda used, _: used),
            waiting=area(lambda used, waiting: used + waiting),
            levels=[(round(height(n), 1), n) for n in levels],
            ticks=[
                (round(_LEFT + part * (_WIDTH - _LEFT - 24), 1), f"{end * part * 1000:.0f} ms")
                for part in (0, 0.25, 0.5, 0.75, 1)
            ],
        )
        return {"text/plain": str(self), "text/html": page}


async def crowd(
    work: Callable[[int], Awaitable[object]], engine: AsyncEngine, *, sessions: int = 50
) -> PoolUse:
    """Runs `work(0)` … `work(sessions - 1)` at once and watches the engine's pool.

    A work that raises counts under the name of its exception.
    """
    use, began = PoolUse(sessions), perf_counter()
    pool = engine.sync_engine.pool
    places = _places(pool)
    asked = used = 0
    ask = pool.connect

    def note() -> None:
        waiting = max(asked + used - places, 0)
        use.moments.append((perf_counter() - began, used, waiting))

    # There is an event for a check-out, none for the wish for one: it is seen at the door.
    def connect() -> Any:
        nonlocal asked
        asked += 1
        note()
        try:
            return ask()
        except BaseException:
            asked -= 1
            note()
            raise

    def got(*_: Any) -> None:
        nonlocal asked, used
        asked, used = asked - 1, used + 1
        note()

    def returned(*_: Any) -> None:
        nonlocal used
        used -= 1
        note()

    event.listen(pool, "checkout", got)
    event.listen(pool, "checkin", returned)
    pool.connect = connect  # type: ignore[method-assign]
    try:
        ends = await asyncio.gather(*(work(n) for n in range(sessions)), return_exceptions=True)
    finally:
        del pool.connect
        event.remove(pool, "checkout", got)
        event.remove(pool, "checkin", returned)
    use.failed.update(type(end).__name__ for end in ends if isinstance(end, BaseException))
    note()
    return use


def _places(pool: Pool) -> int:
    """How many connections a pool gives out at most; one that is only slow to open isn't full."""
    overflow = getattr(pool, "_max_overflow", -1)  # SQLAlchemy shows it nowhere else
    return sys.maxsize if overflow < 0 else cast(QueuePool, pool).size() + overflow
