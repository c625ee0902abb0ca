"""Random inputs of a check, the same again for the same seed."""

import hashlib
import random
from datetime import UTC, datetime, timedelta, timezone

_SYLLABLES = [consonant + vowel for consonant in "bdfhklmnprstv" for vowel in "aeio"]
_FEW = 100


class Draw(random.Random):
    """A seeded source of plausible values; each check draws from one of its own."""

    @classmethod
    def of(cls, seed: int, *names: str) -> "Draw":
        """The source for a seed and the names of what draws."""
        text = "\0".join([str(seed), *names])
        return cls(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))

    def word(self, syllables: int = 3) -> str:
        """A word that can be said: `lomari`."""
        return "".join(self.choice(_SYLLABLES) for _ in range(syllables))

    def handle(self) -> str:
        """A worker's handle, new each time: `@lomari_41`."""
        return f"@{self.word()}_{self.randrange(10, 10_000)}"

    def title(self) -> str:
        """A title of three words."""
        return " ".join(self.word(self.randint(2, 4)) for _ in range(3)).capitalize()

    def titles(self, count: int) -> list[str]:
        """Titles, each another; of many only the number."""
        drawn = [self.title() for _ in range(min(count, _FEW))]
        return [f"{drawn[number % len(drawn)]} {number + 1}" for number in range(count)]

    def moment(self) -> datetime:
        """An aware time, whole seconds, at a drawn offset from UTC."""
        moment = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.randrange(365 * 86_400))
        return moment.astimezone(timezone(timedelta(hours=self.choice([-8, -5, 0, 1, 2, 9]))))
