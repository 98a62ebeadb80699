"""Attacks on the package: hostile files for every reader, faults of the machine; `python -m tests.attack`."""
