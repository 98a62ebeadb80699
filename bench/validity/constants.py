"""What a change of each constant of the robust programme by 10 % does."""

from __future__ import annotations

from bench.validity.methods import has_robust


def main(*, seeds: int, minutes: float, workers: int, kinds: list[str]) -> None:
    print("## Constants\n")
    if not has_robust():
        print("This version has no robust programme: no constants to change.\n")
        return
    raise NotImplementedError
