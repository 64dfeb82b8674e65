"""The ground floor: what sql/foundation and sql/tables were when the first release was made.

The SQL beside this file is a copy of that day and never changes; sql/tables goes on. A test proves that all
migrations together end where sql/tables is now.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%")
    )
