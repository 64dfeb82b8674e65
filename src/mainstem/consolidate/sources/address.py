"""The address of a PostgreSQL, as it may be shown and kept: a URL without its secrets."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from mainstem.errors import BadArgument

SECRET = ("password", "sslpassword", "oauth_client_secret", "pooler")


def address_of(url: str) -> str:
    """The same database and login. Raises BadArgument for what is no URL, without repeating it."""
    base, mark, query = url.partition("?")
    kept = "&".join(part for part in query.split("&") if not part.startswith("pooler="))
    try:
        given = conninfo_to_dict(f"{base}{mark if kept else ''}{kept}")
    except psycopg.ProgrammingError as error:
        raise BadArgument(
            "the source's URL cannot be read",
            hint="write postgresql://user:password@host:5432/database, with %-escapes in the password",
        ) from error
    rest = {name: str(value) for name, value in sorted(given.items()) if name not in SECRET and value}
    user, host, port, name = (rest.pop(word, "") for word in ("user", "host", "port", "dbname"))
    if "/" in host or "," in host or ":" in host:
        rest |= {"host": host, **({"port": port} if port else {})}
        host = port = ""
    login = f"{quote(user, safe='')}@" if user else ""
    place = f"{host}:{port}" if port else host
    return f"postgresql://{login}{place}/{quote(name, safe='')}{'?' if rest else ''}{urlencode(rest, quote_via=quote)}"
