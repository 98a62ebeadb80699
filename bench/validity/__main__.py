"""How right decompositions are, beside their peers; docs/validity.md says what each figure means.

    python -m bench.validity                     all parts
    python -m bench.validity simulated           recordings that know nothing of the model
    python -m bench.validity added               responses of known size added to real recordings
    python -m bench.validity real                what must hold on every real file, and a picture of all
    python -m bench.validity rates               the same recordings at 4, 8, 16 and 32 Hz
    python -m bench.validity failures            a picture of where the robust programme fails
    python -m bench.validity constants           what each ingredient does, and a change of each constant by 10 %

RESSIN_EDA_DIR and RESSIN_LABELLED_DIR name folders of real recordings; without them these parts say so.
"""

from __future__ import annotations

import argparse
import os

from bench import threads

threads.limit_to_one()

from bench.validity import added, constants, failures, rates, real, simulated  # noqa: E402
from bench.validity.methods import SLOW, methods  # noqa: E402
from ressin.simulation.kinds import KINDS  # noqa: E402

PARTS = ("simulated", "added", "real", "rates", "failures", "constants")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts; all of them if none")
    parser.add_argument("--seeds", type=_positive, default=6, help="simulated recordings a kind (6)")
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each (4)")
    parser.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--tuning", action="store_true", help="the seeds for tuning instead of the table's")
    parser.add_argument("--first", type=int, help="first seed")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="KIND")
    parser.add_argument("--methods", nargs="+", choices=list(methods()), metavar="METHOD", help="all of them")
    parser.add_argument("--tolerance", type=float, default=1.0, help="s between the middles of a pair's rises (1)")
    given = parser.parse_args()
    chosen = given.methods or list(methods())
    for part in given.parts or PARTS:
        if part == "simulated":
            simulated.main(
                seeds=given.seeds, minutes=given.minutes, workers=given.workers, tuning=given.tuning,
                kinds=given.kinds, chosen=chosen, tolerance=given.tolerance, first=given.first,
            )  # fmt: skip
        elif part == "added":
            added.main(chosen=chosen, workers=given.workers)
        elif part == "real":
            quick = [name for name in chosen if given.methods or name not in SLOW]
            real.main(chosen=quick, workers=given.workers)
        elif part == "rates":
            rates.main(seeds=given.seeds, minutes=given.minutes, workers=given.workers)
        elif part == "failures":
            failures.main(minutes=given.minutes)
        else:
            constants.main(seeds=given.seeds, minutes=given.minutes, workers=given.workers, kinds=given.kinds)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


if __name__ == "__main__":
    main()
