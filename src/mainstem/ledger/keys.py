"""API keys: how one is made and recognised, and what the ledger keeps of it: a prefix and a hash, never the key.

A key is `ms_<prefix>_<secret><checksum>`: the prefix stands in lists and logs, the checksum tells a mistyped key,
or one that a scanner found in a file, without asking a database.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from mainstem.errors import BadArgument, NotFound
from mainstem.ledger.call import Call, Row

ROLES = ("viewer", "operator", "admin")
"""As the table's CHECK has them; each may do what those before may."""

LONGEST = 100 * 366
"""Days that a key may be given."""

_DIGITS = string.digits + string.ascii_letters
_FORM = re.compile(r"(ms_[0-9A-Za-z]{8})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})")
_SHOWN = "key_id, name, prefix, role, user_id, created_at, expires_at, last_used_at, revoked_at"


@dataclass(frozen=True, slots=True)
class Minted:
    """A new key. `text` is shown once."""

    key_id: UUID
    text: str
    prefix: str
    digest: bytes

    def __repr__(self) -> str:
        return f"Minted({self.prefix}…)"


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is."""

    org_id: UUID
    key_id: UUID
    user_id: UUID | None
    role: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed."""

    key_id: UUID
    name: str
    prefix: str
    role: str
    user_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Keys, latest first; `next` is where the next page begins."""

    keys: list[Key]
    next: UUID | None


def mint() -> Minted:
    """A key that nobody has: 190 random bits, so that a plain hash keeps it."""
    prefix = f"ms_{_random(8)}"
    unchecked = f"{prefix}_{_random(32)}"
    text = unchecked + _checksum(unchecked)
    return Minted(uuid4(), text, prefix, _digest(text))


def digest_of(text: str) -> bytes | None:
    """What the ledger knows the key by; None for a text that cannot be a key."""
    form = _FORM.fullmatch(text)
    if form is None or _checksum(text[:-6]) != form[3]:
        return None
    return _digest(text)


def holder_of(digest: bytes) -> Call[KeyHolder | None]:
    """Whose key it is, of any tenant; None when it is unknown, expired or revoked, without saying which."""
    return Call(
        "select org_id, key_id, user_id, role, prefix from mainstem._caller_of_key(%s)",
        [digest],
        lambda rows: KeyHolder(**rows[0]) if rows else None,
    )


def create_key(
    minted: Minted, *, name: str, role: str, user_id: UUID | None = None, days: int | None = None
) -> Call[Key]:
    """Enter a key of this tenant. days: how long it is good for. Raises BadArgument, and NotFound for the user."""
    if role not in ROLES:
        raise BadArgument(f"there is no role {role!r}", hint=f"one of {', '.join(ROLES)}")
    if days is not None and not 1 <= days <= LONGEST:
        raise BadArgument(f"a key cannot be good for {days} days", hint=f"give 1 to {LONGEST}")
    lifetime = None if days is None else timedelta(days=days)
    return Call(
        "insert into mainstem.user_api_key (org_id, key_id, user_id, name, prefix, key_hash, role, expires_at)"
        " select o.org_id, %s, %s, %s, %s, %s, %s, mainstem.clock() + %s from mainstem.organization o"
        "  where o.org_id = mainstem.current_org() and (%s::uuid is null or exists ("
        "select from mainstem.app_user u where u.org_id = o.org_id and u.user_id = %s::uuid))"
        f" returning {_SHOWN}",
        [minted.key_id, user_id, name, minted.prefix, minted.digest, role, lifetime, user_id, user_id],
        lambda rows: _the_key(rows, f"no user {user_id} in this tenant" if user_id else "no such tenant"),
    )


def list_keys(*, limit: int, after: UUID | None = None) -> Call[KeyPage]:
    """This tenant's keys, those revoked too."""
    return Call(
        f"select {_SHOWN} from mainstem.user_api_key where org_id = mainstem.current_org()"
        " and (%s::uuid is null or (created_at, key_id) < (select a.created_at, a.key_id from mainstem.user_api_key a"
        " where a.org_id = mainstem.current_org() and a.key_id = %s::uuid))"
        " order by created_at desc, key_id desc limit %s",
        [after, after, limit + 1],
        lambda rows: _page(rows, limit),
    )


def revoke_key(key_id: UUID) -> Call[Key]:
    """From the commit on nobody gets in with it. Revoked twice it keeps its first time. Raises NotFound."""
    return Call(
        "update mainstem.user_api_key set revoked_at = coalesce(revoked_at, mainstem.clock())"
        f" where org_id = mainstem.current_org() and key_id = %s returning {_SHOWN}",
        [key_id],
        lambda rows: _the_key(rows, f"no key {key_id} in this tenant"),
    )


def ended_keys(key_ids: list[UUID]) -> Call[list[UUID]]:
    """Those of these that let nobody in any more: revoked, expired or gone."""
    return Call(
        "select asked.key_id from unnest(%s::uuid[]) asked (key_id) where not exists ("
        "select from mainstem.user_api_key k where k.org_id = mainstem.current_org() and k.key_id = asked.key_id"
        " and k.revoked_at is null and (k.expires_at is null or k.expires_at > mainstem.clock()))",
        [key_ids],
        lambda rows: [row["key_id"] for row in rows],
    )


def _page(rows: list[Row], limit: int) -> KeyPage:
    keys = [Key(**row) for row in rows[:limit]]
    return KeyPage(keys, keys[-1].key_id if len(rows) > limit else None)


def _the_key(rows: list[Row], missing: str) -> Key:
    if not rows:
        raise NotFound(missing, hint="look at the id; then at the tenant")
    return Key(**rows[0])


def _random(length: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(length))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits: list[Any] = []
    for _ in range(6):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
