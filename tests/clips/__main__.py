"""`python -m tests.clips` makes the twins that are missing and prints what each cost; a second run costs nothing."""

from tests.clips.cache import print_twins

if __name__ == "__main__":
    print_twins()
