"""The sample in a database, and its old application: `python -m mainstem.consolidate.presets.rcm.sample URL`."""

from __future__ import annotations

import argparse
import sys
import threading

import psycopg

from mainstem.consolidate.presets.rcm.sample.rows import install
from mainstem.consolidate.presets.rcm.sample.writer import Writer


def main(arguments: list[str] | None = None) -> int:
    """Make the old tables in the schema public, where none of their names may be taken; or write to them for a while."""
    asked = _arguments(arguments)
    try:
        if asked.write is None:
            with psycopg.connect(asked.url, autocommit=True) as conn:
                install(conn)
            sys.stdout.write("the old tables and their rows are in the schema public\n")
            return 0
        return _write(asked.url, asked.write)
    except psycopg.Error as error:
        sys.stderr.write(f"the database says: {error}\n")
        return 1


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mainstem.consolidate.presets.rcm.sample")
    parser.add_argument("url", help="postgresql://me@db.example/sample")
    parser.add_argument("--write", type=float, metavar="SECONDS", help="be the old application for so long")
    return parser.parse_args(arguments)


def _write(url: str, seconds: float) -> int:
    """1 when a statement failed that the old tables take, or something that was written is not there."""
    writer = Writer(url)
    writer.start()
    threading.Event().wait(seconds)
    tally = writer.stop()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set search_path = public")
        lost = writer.memory.differences(conn)
    sys.stdout.write(
        f"{tally.done.total()} statements, {len(tally.failures)} failed that did not before, {len(lost)} rows other than written;"
        f" the slowest took {max(tally.slowest.values(), default=0) * 1000:.0f} ms\n"
    )
    sys.stderr.write("".join(f"{line}\n" for line in [*tally.failures, *lost]))
    return 1 if lost or tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
