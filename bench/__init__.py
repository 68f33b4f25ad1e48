"""Benchmarks: most figures are ratios of two things run in turn; `make bench` prints the table of targets."""
