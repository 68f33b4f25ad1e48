"""The clips that tests and benchmarks work on: the real collection where it is there, else a twin of each of its clips.

A twin has the properties that its clip exists for (codec, container, frame times, edit list, colour, damage, ...), with a picture and a
sound of our own. `facts.json` says what these properties are; `python -m tests.clips` makes the twins.
"""
