"""The server: REST, the live feed and the console, for whoever mounts or runs it."""

from mainstem.server.app import create_app
from mainstem.server.config import ServerConfig

__all__ = ["ServerConfig", "create_app"]
