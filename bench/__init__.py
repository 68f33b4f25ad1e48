"""Benchmarks: every figure a ratio of two things run in turn; `make bench` prints the table of targets."""
