"""One thread for everyone: the linear algebra of the peers must not use the other cores."""

from __future__ import annotations

from bench import threads

threads.limit_to_one()
