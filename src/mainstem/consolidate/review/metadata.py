"""Metadata: where a user's models are, given as `module:attribute`."""

from __future__ import annotations

from types import ModuleType

from sqlalchemy import MetaData

from mainstem.errors import ModelsNotFound
from mainstem.flow.modules import module_named


def metadata_at(place: str) -> MetaData:
    """The MetaData there, or that of a declarative class (`app.models:Base`, `app.models:SQLModel`).

    Raises ModelsNotFound. An error inside the module is its author's, and comes out whole.
    """
    module_name, _, attribute = place.partition(":")
    if not module_name or not attribute:
        raise ModelsNotFound(f"{place!r} is no module:attribute", hint="name it as in app.models:Base")
    module = module_named(module_name, missing=ModelsNotFound)
    if attribute not in vars(module):
        raise ModelsNotFound(f"{module_name} has no {attribute!r}", hint=_offer(module))
    given = vars(module)[attribute]
    metadata = given if isinstance(given, MetaData) else getattr(given, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ModelsNotFound(f"{place} is a {type(given).__name__} without metadata", hint=_offer(module))
    if not metadata.tables:
        raise ModelsNotFound(
            f"{place} knows no tables",
            hint="name the module that imports all models, so that each is declared",
        )
    return metadata


def _offer(module: ModuleType) -> str:
    """The first of the module's names that would do."""
    for name, member in vars(module).items():
        if isinstance(member, MetaData) or isinstance(getattr(member, "metadata", None), MetaData):
            return f"{module.__name__}:{name}"
    return "name a MetaData, or a class made from DeclarativeBase or SQLModel"
