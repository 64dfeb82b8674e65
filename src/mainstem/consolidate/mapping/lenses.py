"""Lenses: how the value of a column, or of several, becomes one of ours and comes back."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = Annotated[str, Field(min_length=1, max_length=63)]


class Said(BaseModel):
    """A part of the file. A word that is not known is an error: a misspelt lens must not pass for none."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TimeFormat(Said):
    """One of several forms of time in a text column: which texts have it, and the zone of those that name none."""

    like: str
    zone: str | None = None


class SqlLens(Said):
    """Both directions, or it is no lens. `{value}` is what comes in, `{row}` the row, `{old}` the old schema."""

    fold: str
    unfold: str


class SqlDefault(Said):
    """A default that is looked up. SQL over `{row}` and `{old}`."""

    sql: str


class Lens(Said):
    """Where a column goes, and how it changes on the way. Whatever is lost on the way is kept beside it."""

    to: str
    """A column of the target, or a key in a JSON column of it: `context.nl_input`."""
    values: dict[str, str] | None = None
    """Total: a value that is not named has no home, and stops the copy."""
    back: dict[str, str] | None = None
    """What old code sees for values that only new code writes: `{waiting: active}`."""
    keep: bool = False
    """Keep the original where `values` maps two to one, or an SQL lens does not give back what came in."""
    zone: str | None = None
    times: list[TimeFormat] | None = None
    scale: int | None = None
    json_text: bool = Field(default=False, alias="json")
    default: SqlDefault | str | int | float | bool | None = None
    sql: SqlLens | None = None

    @model_validator(mode="after")
    def _collapse_is_said(self) -> Lens:
        if self.values and len(set(self.values.values())) < len(self.values) and not self.keep:
            raise ValueError(
                "values maps two old values to one: say `keep: true` to keep the original beside it"
            )
        return self


class Constant(Said):
    """What the ledger wants and the old row does not say. Not part of the proof: it has no way back."""

    sql: str | None = None
    workflow: str | None = None
    """The workflow of this name (an SQL expression over `{row}`), made where it is missing."""
    default: str | None = None


class Split(Said):
    """One column that becomes several places: the text between separators, the last piece with whatever is left."""

    by: Annotated[str, Field(min_length=1)]
    to: Annotated[list[Lens], Field(min_length=2)]

    @field_validator("to", mode="before")
    @classmethod
    def _short_form(cls, places: Any) -> Any:
        return (
            [{"to": one} if isinstance(one, str) else one for one in places]
            if isinstance(places, list)
            else places
        )


class Joined(Lens):
    """Several columns that become one place: their texts, those that are not NULL, with a separator between them."""

    columns: Annotated[list[Name], Field(min_length=2)]
    by: Annotated[str, Field(min_length=1)]
