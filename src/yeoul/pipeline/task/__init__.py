"""Tasks: their input, their output, and the ops that turn one into the other."""
