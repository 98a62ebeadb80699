"""Do the tests notice? Small faults put into a copy of the code, one at a time: ``python -m tests.mutate``."""
