"""The sample in a database: `python -m mainstem.consolidate.presets.rcm.sample URL`."""

from __future__ import annotations

import sys

import psycopg

from mainstem.consolidate.presets.rcm.sample.rows import install

USAGE = "usage: python -m mainstem.consolidate.presets.rcm.sample postgresql://me@db.example/sample\n"


def main(arguments: list[str]) -> int:
    """Make the old tables in the schema public, where none of their names may be taken."""
    if len(arguments) != 1:
        sys.stderr.write(USAGE)
        return 2
    try:
        with psycopg.connect(arguments[0], autocommit=True) as conn:
            install(conn)
    except psycopg.Error as error:
        sys.stderr.write(f"nothing was made: {error}\n")
        return 1
    sys.stdout.write("ten old tables and their rows are in the schema public\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
