"""Benchmarks: each claim of the README's speed table is one file that checks the answer before it times."""
