"""The words of the demo: what arrives, what is in it, and what is decided about it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Channel(StrEnum):
    WEB = "web"
    VOICE = "voice"
    EFAX = "efax"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of an organization's. `file` is its path below the documents folder, the same on every machine."""

    org: str
    channel: Channel
    file: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as text: a page each of a fax; the whole of a form or a call is one page."""

    channel: Channel
    pages: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)


class Paper(StrEnum):
    """What kind of paper a document is, before anybody looks at its fields."""

    CLAIM = "claim"
    OTHER = "other"
    BLANK = "blank"


class Care(StrEnum):
    """The kind of care a claim is about."""

    DENTAL = "dental"
    MEDICAL = "medical"
    PHARMACY = "pharmacy"
    VISION = "vision"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sender asks for. A caller may name several amounts: then `amount` is the largest, and not settled."""

    member_id: str
    service_date: date
    received_on: date
    amount: Decimal
    provider: str
    kind: Care
    amount_is_settled: bool = True


class Reason(StrEnum):
    """Why a decision is what it is, or why a supervisor is asked for one."""

    WITHIN_LIMIT = "within_limit"
    SUPERVISOR_APPROVED = "supervisor_approved"
    SUPERVISOR_DENIED = "supervisor_denied"
    SUPERVISOR_SILENT = "supervisor_silent"
    OVER_LIMIT = "over_limit"
    AMBIGUOUS_AMOUNT = "ambiguous_amount"
    ELIGIBILITY_UNREACHABLE = "eligibility_unreachable"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_NOT_COVERED = "member_not_covered"
    KIND_NOT_COVERED = "kind_not_covered"
    FILED_TOO_LATE = "filed_too_late"
    DATE_IN_FUTURE = "date_in_future"
    IMPOSSIBLE_DATE = "impossible_date"
    MISSING_FIELDS = "missing_fields"
    WRONG_TYPES = "wrong_types"
    NOTHING_WRITTEN = "nothing_written"
    NOT_A_CLAIM = "not_a_claim"


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why no claim could be taken from a document. `detail` names the fields, in words for the sender."""

    reason: Reason
    detail: str


class Standing(StrEnum):
    """A member's standing on a day; UNREACHABLE when the service that knows it did not answer."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the eligibility service says about a member on a day: the standing, and the care that the plan covers."""

    standing: Standing
    kinds: list[Care]
    plan: str = ""


class Outcome(StrEnum):
    """What becomes of a document."""

    APPROVED = "approved"
    DENIED = "denied"
    RETURNED = "returned"
    FORWARDED = "forwarded"
    PENDED = "pended"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided. `granted` is the amount to pay; `doubt` the reason a supervisor was asked, if one was."""

    outcome: Outcome
    reason: Reason
    claim: Claim | None = None
    granted: Decimal | None = None
    doubt: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A claim that the rules cannot decide, and why: what a supervisor is asked."""

    claim: Claim
    reason: Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """A supervisor's word on a doubtful claim: the payload of the signal. `amount` replaces the one claimed."""

    approve: bool
    by: str
    amount: Decimal | None = None
