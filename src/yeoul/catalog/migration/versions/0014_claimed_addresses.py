"""The numbers of the schema; an e-mail address belongs to whoever has confirmed it, and others may have typed it, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
_NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}


def upgrade() -> None:
    with op.batch_alter_table("account", naming_convention=_NAMES) as account:
        account.drop_constraint("account_email_key", type_="unique")
    is_confirmed = sa.text("confirmed_at IS NOT NULL")
    op.create_index("account_email", "account", ["email"])
    op.create_index("account_confirmed", "account", ["email"], unique=True, sqlite_where=is_confirmed, postgresql_where=is_confirmed)
    numbers = op.create_table(
        "schema_version", sa.Column("version", sa.Integer(), nullable=False), sa.Column("oldest", sa.Integer(), nullable=False)
    )
    op.bulk_insert(numbers, [{"version": 14, "oldest": 14}])
