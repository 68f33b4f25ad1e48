"""Reports about runs: timelines, run logs, traces, and drawings of them."""
