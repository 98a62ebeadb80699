"""Limit every numerical library to one thread; to be imported before NumPy."""

import os

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def limit_to_one() -> None:
    for name in VARIABLES:
        os.environ[name] = "1"
