"""A clock that a test moves: libshift_clock is preloaded into the server, and the client's proofs go with it."""

import calendar
import os
import pathlib
import time

import client
from client import DAY, HOUR, MINUTE
from server import BINARY

PRELOADED = BINARY.parent.parent / "tests" / "integration" / "libshift_clock.so"


class Clock:
    """The time of the server, and of the client's proofs with it."""

    def __init__(self, folder, monkeypatch):
        self.file = pathlib.Path(folder) / "clock"
        self.ahead = 0
        self.go(0)
        monkeypatch.setattr(client, "now", self.now)

    def now(self):
        return int(time.time()) + self.ahead

    def go(self, ahead):
        """The server's clock is so much ahead of the real one. The file is whole at every moment."""
        self.ahead = ahead
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(ahead))
        fresh.rename(self.file)

    def until(self, weekday, hour, minute):
        """Seconds to the next such moment, in UTC; Monday is 0."""
        today = time.gmtime()
        midnight = calendar.timegm((today.tm_year, today.tm_mon, today.tm_mday, 0, 0, 0))
        days = (weekday - today.tm_wday) % 7 or 7
        return midnight + days * DAY + hour * HOUR + minute * MINUTE - int(time.time())

    def environment(self):
        relaxed = os.environ.get("ASAN_OPTIONS", "").split(":") + ["verify_asan_link_order=0"]
        return {"LD_PRELOAD": str(PRELOADED), "POA_TEST_CLOCK": str(self.file),
                "ASAN_OPTIONS": ":".join(part for part in relaxed if part)}
