"""The client: start runs, read them, ask things of them."""

from mainstem.client.endings import Outcome
from mainstem.client.mainstem import Mainstem, RunHandle
from mainstem.client.opened import Starter
from mainstem.client.pending import Pending

__all__ = ["Mainstem", "Outcome", "Pending", "RunHandle", "Starter"]
