"""Databases of a server."""

from __future__ import annotations

from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from mainstem.postgres.connect import connect


def renewed(url: str, name: str) -> str:
    """The address of an empty database of this name on the server; one that was there is dropped, with all in it."""
    with connect(url, role=None, application_name="mainstem") as conn:
        conn.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))
        conn.execute(SQL("create database {}").format(Identifier(name)))
    return make_conninfo(url, dbname=name)
