"""Dialect: whose SQL a text is."""

from enum import StrEnum


class Dialect(StrEnum):
    """They quote, nest and comment differently."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"
