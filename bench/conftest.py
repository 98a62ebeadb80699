"""Limit every library to one thread, so that the peers' linear algebra does not use the other cores."""

from __future__ import annotations

from bench import threads

threads.limit_to_one()
