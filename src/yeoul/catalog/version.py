"""Which schema this program knows, and which databases it refuses.

Programs of several versions share a database while a fleet is upgraded. A database says which schema it has, and which is the oldest
whose programs may still use it: a step that only adds leaves that number alone, one that older programs could not live with raises it.
"""

from __future__ import annotations

from yeoul.base.errors import DatabaseTooNewError

VERSION = 18  # the last step of `migration/versions`
OLDEST = 14  # the oldest version whose programs may use what that step leaves


def check_version(found: tuple[int, int] | None) -> None:
    """Raises DatabaseTooNewError for a database that this program must not use; found: its two numbers, None where it has none."""
    if found is not None and found[1] > VERSION:
        raise DatabaseTooNewError(
            f"a newer Yeoul has changed the database (its schema is {found[0]}, this program knows {VERSION}): install that version again",
            version=found[0],
            oldest=found[1],
            known=VERSION,
        )
