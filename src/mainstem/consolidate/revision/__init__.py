"""A consolidation as a revision of a team's own Alembic history: `upgrade` and `downgrade` are what the written file calls."""

from mainstem.consolidate.revision.life import downgrade, upgrade
from mainstem.consolidate.revision.write import Written, write

__all__ = ["Written", "downgrade", "upgrade", "write"]
