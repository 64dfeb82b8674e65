"""The installation: what is no tenant's own, and is asked by admins of the organization that the server was set up with."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from mainstem.errors import NotFound
from mainstem.server.access import Admin, Caller


async def installing(request: Request, caller: Admin) -> Caller:
    """Another organization's admin finds nothing here: what old systems there were is no neighbour's business. Raises NotFound."""
    if caller.org_id != request.app.state.config.org_id:
        raise NotFound(
            "this is the installation's, and your organization is not the one that looks after it",
            hint="ask with a key of the organization that the server was set up with",
        )
    return caller


Installer = Annotated[Caller, Depends(installing)]
