"""The kinds of oddities: what each means, and the decision that it asks for. There are no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.model import LARGEST_LOG, LONGEST_LOG


@dataclass(frozen=True, slots=True)
class Kind:
    """`decision` is empty where nothing is to be decided: the mapping's form alone takes care of it."""

    means: str
    decision: str = ""


KINDS: Mapping[str, Kind] = {
    # parents and children
    "orphan": Kind(
        "rows name a parent that is not there",
        "Into quarantine with them, or is the parent to be found elsewhere?",
    ),
    "node_gone": Kind(
        "steps name a node that is not there any more",
        "Keep the node's id as the step's node_key, or name the node that takes its place?",
    ),
    "no_parent_run": Kind("rows name no run at all", "Into quarantine, or which run do they belong to?"),
    "no_parent_step": Kind(
        "rows belong to a run but to none of its steps",
        "Into the run's own list, or to which step?",
    ),
    "parent_key_repeats": Kind(
        "the parent that rows name is several rows: a join would multiply them",
        "Which of the parents gets the rows?",
    ),
    "parents_disagree": Kind(
        "rows name two others that belong to different third ones",
        "Which of the two is right, and may the row forget the other, kept beside it?",
    ),
    "no_steps": Kind(
        "runs have no table of steps",
        "Are steps to be made of a JSON column or of phases, one step a run, or none?",
    ),
    # keys
    "no_primary_key": Kind("rows cannot be told apart", "Which columns name a row?"),
    "null_in_key": Kind("a key's column is NULL", "Into quarantine, or which value names these rows?"),
    "duplicate_key": Kind(
        "rows share what should name one of them",
        "Which one stays under this name, and what becomes of the others?",
    ),
    "duplicate_key_folded": Kind(
        "keys differ only in upper and lower case",
        "Are they the same thing, or must the target tell them apart?",
    ),
    "exists_twice": Kind("rows of two tables are the same thing", "Which of the two tables tells the truth?"),
    "step_number_unusable": Kind(
        "step numbers are 0, negative or missing",
        "Renumber these steps by their start and key, the old number kept?",
    ),
    "ids_of_several_types": Kind(
        "one column holds ids of several kinds",
        "Are they ids of the same things, and how does one kind lead to the other?",
    ),
    "link_types_differ": Kind(
        "a column and the key it names are of different types",
        "Compare them as text, or is there a table that leads from one to the other?",
    ),
    "sequence_behind": Kind(
        "ids are above the last one that their sequence gave",
        "Move the sequence on before the switch?",
    ),
    # states
    "unknown_status": Kind(
        "statuses that mainstem does not have", "Which status does each become, the old word kept beside it?"
    ),
    "unknown_channel": Kind(
        "channels other than web, voice, efax", "Register each as a channel, or which one does it become?"
    ),
    "ended_but_open": Kind(
        "rows have an end and a status that says they go on", "Is the end right, or the status?"
    ),
    "completed_without_end": Kind(
        "rows are over and have no end", "Which time ended them: the last change, the start, the run's end?"
    ),
    "step_open_in_ended_run": Kind(
        "steps are open and their run is over",
        "Do they stay open, or end with their run: skipped or cancelled?",
    ),
    "failed_without_message": Kind("failed rows do not say why", "Which message do they get?"),
    "end_before_start": Kind("rows end before they start", "Which of the two times is right?"),
    "duration_disagrees": Kind(
        "the duration is not the time from start to end",
        "Is the duration kept as it is (it may count only the last attempt), or made anew?",
    ),
    "duration_without_unit": Kind("a duration does not say its unit", "Milliseconds, seconds or minutes?"),
    # times
    "time_formats": Kind(
        "a text column holds times in several formats", "Does each format mean the same zone?"
    ),
    "naive_time": Kind("times say no zone", "Which zone were they written in?"),
    "no_time": Kind("nothing says when rows were made", "Which time do they get?"),
    "epoch_time": Kind("times are numbers", "Seconds or milliseconds since 1970?"),
    "not_a_time": Kind(
        "texts in a column of times are none", "What do they stand for: NULL, or another column?"
    ),
    # values
    "json_text": Kind("texts are JSON: they become JSON and are given back as they were"),
    "json_double_encoded": Kind(
        "JSON stands in a JSON string", "Decode twice, and write it twice encoded again on the way back?"
    ),
    "json_malformed": Kind(
        "texts in a column of JSON are none", "Kept as a JSON string, or in metadata.originals only?"
    ),
    "json_repeated_key": Kind(
        "JSON objects have a key twice: jsonb keeps the last",
        "Is the last one meant, the text kept beside it?",
    ),
    "json_nul": Kind(
        "JSON holds \\u0000, which jsonb refuses", "Replace it by what, the text kept beside it?"
    ),
    "json_steps": Kind(
        "JSON lists objects that look like steps: they have a name, and a state or a time",
        "Are they steps of their run, by `steps_from:`, or does the list stay JSON?",
    ),
    "json_null": Kind("JSON null stands beside SQL NULL", "Do both mean the same?"),
    "unstorable_text": Kind(
        "texts hold NUL or are not UTF-8; PostgreSQL refuses them", "Replace what is wrong by what?"
    ),
    "nan_or_infinity": Kind(
        "numbers or times are NaN or infinite; JSON has none", "Kept as a text, or as NULL?"
    ),
    "mixed_storage": Kind("one column holds values of several classes", "Which type is meant?"),
    "too_long": Kind(
        "texts are longer than the target takes", "Cut, the whole kept beside, or into a JSON column?"
    ),
    # tenants
    "no_tenant": Kind("nothing says which organization runs belong to", "Which organization owns them?"),
    "tenant_missing": Kind("rows name no organization", "Which organization owns rows that name none?"),
    "foreign_tenant": Kind(
        "rows belong to another organization than their parent",
        "Whose are they: the parent's, or into quarantine?",
    ),
    "no_channel": Kind("nothing says through which channel runs came", "Which channel do they get?"),
    # sizes and forms
    "fold_too_large": Kind(
        f"a parent has more than {LONGEST_LOG} rows or {LARGEST_LOG // 1024} KiB of children",
        "Into the event log instead of one JSON list?",
    ),
    "unsupported_relation": Kind(
        "a foreign or virtual table, an inheritance tree or a column of large objects",
        "Copy it into a plain table first, or leave it where it is?",
    ),
}
