"""Measurements of the whole service, fsync on; `python -m tests.bench` prints the table and writes it."""
