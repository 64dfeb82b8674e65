"""The live feed: what changes in a tenant's runs, pushed to whoever watches, from the change log."""

from mainstem.server.live.feed import Feed
from mainstem.server.live.interest import Interest
from mainstem.server.live.subscription import Subscription

__all__ = ["Feed", "Interest", "Subscription"]
