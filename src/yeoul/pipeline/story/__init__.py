"""Stories of runs: timelines, run logs, traces, and drawings of them."""
