"""Every error that mainstem raises on purpose: a class and a code for each thing a caller can do about it.

MainstemError
├── LedgerRefused        the ledger's functions said no; `code` is the SQLSTATE
│   ├── NotFound             MS001
│   ├── LeaseLost            MS002
│   ├── RunIsOver            MS003
│   ├── StepExists           MS004
│   ├── StepIsOver           MS005
│   ├── StateRefused         MS006
│   ├── IdempotencyConflict  MS007
│   ├── IsolationRefused     MS008
│   ├── DrivenElsewhere      MS009
│   ├── BadArgument          MS010
│   │   ├── FilterUnreadable MS011
│   │   └── InputRefused     MS013
│   ├── LegacyColumnsDropped MS012
│   ├── DraftConflict        MS021
│   └── WorkflowCycle        MS022
├── DatabaseError        the server, or what is installed on it, does not serve us
│   ├── Unreachable          MS101
│   ├── ServerTooOld         MS102
│   ├── RightsMissing        MS103
│   ├── SchemaNotOurs        MS104
│   ├── SchemaMissing        MS105
│   ├── SchemaOlder          MS106
│   ├── SchemaNewer          MS107
│   ├── SchemaDrifted        MS108
│   ├── EmbeddedMissing      MS109
│   ├── EmbeddedMismatch     MS110
│   ├── EmbeddedFailed       MS111
│   ├── UpgradeBlocked       MS112
│   ├── QueryBudgetExceeded  MS113
│   ├── DatabaseReadOnly     MS114
│   ├── SourceUnreadable     MS411
│   └── ScanAbandoned        MS412
├── ValueRefused         a value that PostgreSQL's jsonb cannot hold
│   ├── UnstorableValue      MS201
│   ├── ValueTooLarge        MS202
│   └── AnswerRefused        MS322
├── ConsolidationError   old tables, and what is to become of them
│   ├── MappingRefused       MS401
│   ├── NoHome               MS402
│   ├── PhaseRefused         MS403
│   ├── ProofFailed          MS404
│   ├── CutoverBlocked       MS405
│   ├── NotLossless          MS406
│   ├── OldSchemaChanged     MS407
│   ├── StatisticsMissing    MS408
│   └── RevisionRefused      MS421
├── ReviewError          models and a database cannot be held against each other
│   ├── ModelsNotFound       MS481
│   ├── NotReviewable        MS482
│   └── ExpressionRefused    MS483
├── LintFailed           MS440: a migration, or a database beside it, that cannot be looked at
│   ├── UnreadableMigration  MS441
│   └── UnreadableDatabase   MS442
├── ProgramError         a workflow's code, or how it was called
│   ├── UnknownWorkflow         MS301
│   ├── NonDeterministicWorkflow MS302
│   ├── UnscopedConcurrency     MS303
│   ├── RunFailed               MS304
│   ├── RunCancelled            MS305
│   ├── StepFailed              MS306
│   ├── StepTimedOut            MS307
│   ├── SignalTimedOut          MS308
│   ├── NotInRun                MS309
│   ├── NotReached              MS320
│   ├── ApprovalTimedOut        MS321
│   ├── ExecutorLost            MS331
│   ├── ExecutorMissing         MS332
│   ├── ResourcesMissing        MS333
│   └── StepNotFound            MS334
├── GraphError           a workflow that is drawn as a graph
│   ├── GraphRefused         MS701
│   ├── RequirementRefused   MS702
│   ├── NoWayOn              MS703
│   ├── VisitsExceeded       MS704
│   ├── KindRefused          MS705
│   ├── OutcomeFailed        MS706
│   └── CallFailed           MS707
├── BackupError          a backup was not made, or is not proved to be one
│   ├── BackupNotProved      MS461
│   ├── BackupExists         MS462
│   ├── BackupMissing        MS463
│   ├── ProgramsMissing      MS464
│   ├── ScratchRefused       MS465
│   ├── TargetUnknown        MS466
│   └── BackupFailed         MS467
├── SourceError          a SQLite file or another PostgreSQL cannot be landed, watched or written as it is
│   ├── SourceBusy           MS431
│   ├── SourceUnlandable     MS432
│   ├── SourceUnwatched      MS433
│   ├── LandingOutgrown      MS434
│   ├── LandingDiffers       MS435
│   └── BringBackRefused     MS436
├── AccessRefused        a caller of the server
│   ├── NotAuthenticated     MS601
│   ├── NotAllowed           MS602
│   ├── OriginRefused        MS603
│   └── TooManyStreams       MS621
├── ConditionError       a change that does not say which state it changes
│   ├── PreconditionRequired MS611
│   └── PreconditionFailed   MS612
├── BodyTooLarge         MS604: a request to the server
├── OpenToTheWorld       MS605: a server that asks for no keys, where others reach it
├── PortTaken            MS606
└── MigrationError       somebody's migration, and what speaks against it
    ├── StatementUnreadable  MS501
    ├── MigrationUnsafe      MS502
    ├── MigrationUnknown     MS503
    ├── RunnerBusy           MS504
    ├── LockNotGranted       MS505
    ├── ChecksFailed         MS506
    ├── RehearsedElsewhere   MS507
    ├── StateRefusesVerb     MS508
    ├── RollbackLoses        MS509
    ├── RenameRefused        MS510
    └── StatementFailed      MS511
"""

from mainstem.errors.conditional import ConditionError, PreconditionFailed, PreconditionRequired
from mainstem.errors.executing import ExecutorLost, ExecutorMissing, ResourcesMissing, StepNotFound
from mainstem.errors.graphs import (
    CallFailed,
    DraftConflict,
    GraphError,
    GraphRefused,
    KindRefused,
    NoWayOn,
    OutcomeFailed,
    RequirementRefused,
    VisitsExceeded,
    WorkflowCycle,
)
from mainstem.errors.ledger import (
    AccessRefused,
    BadArgument,
    DatabaseError,
    DrivenElsewhere,
    EmbeddedFailed,
    EmbeddedMismatch,
    EmbeddedMissing,
    FilterUnreadable,
    IdempotencyConflict,
    InputRefused,
    IsolationRefused,
    LeaseLost,
    LedgerRefused,
    LegacyColumnsDropped,
    NonDeterministicWorkflow,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotInRun,
    NotReached,
    ProgramError,
    QueryBudgetExceeded,
    RightsMissing,
    RunCancelled,
    RunFailed,
    RunIsOver,
    SchemaDrifted,
    SchemaMissing,
    SchemaNewer,
    SchemaNotOurs,
    SchemaOlder,
    ServerTooOld,
    SignalTimedOut,
    StateRefused,
    StepExists,
    StepFailed,
    StepIsOver,
    StepTimedOut,
    TooManyStreams,
    UnknownWorkflow,
    Unreachable,
    UnscopedConcurrency,
    UnstorableValue,
    UpgradeBlocked,
    ValueRefused,
    ValueTooLarge,
)
from mainstem.errors.old_tables import (
    BackupError,
    BackupExists,
    BackupFailed,
    BackupMissing,
    BackupNotProved,
    BringBackRefused,
    ChecksFailed,
    ConsolidationError,
    CutoverBlocked,
    ExpressionRefused,
    LandingDiffers,
    LandingOutgrown,
    LintFailed,
    LockNotGranted,
    MappingRefused,
    MigrationError,
    MigrationUnknown,
    MigrationUnsafe,
    ModelsNotFound,
    NoHome,
    NotLossless,
    NotReviewable,
    OldSchemaChanged,
    PhaseRefused,
    ProgramsMissing,
    ProofFailed,
    RehearsedElsewhere,
    RenameRefused,
    ReviewError,
    RevisionRefused,
    RollbackLoses,
    RunnerBusy,
    ScanAbandoned,
    ScratchRefused,
    SourceBusy,
    SourceError,
    SourceUnlandable,
    SourceUnreadable,
    SourceUnwatched,
    StatementFailed,
    StatementUnreadable,
    StateRefusesVerb,
    StatisticsMissing,
    TargetUnknown,
    UnreadableDatabase,
    UnreadableMigration,
)
from mainstem.errors.root import MainstemError, every_error
from mainstem.errors.serving import (
    BodyTooLarge,
    DatabaseReadOnly,
    OpenToTheWorld,
    OriginRefused,
    PortTaken,
)
from mainstem.errors.waiting import AnswerRefused, ApprovalTimedOut

__all__ = [
    "AccessRefused",
    "AnswerRefused",
    "ApprovalTimedOut",
    "BackupError",
    "BackupExists",
    "BackupFailed",
    "BackupMissing",
    "BackupNotProved",
    "BadArgument",
    "BodyTooLarge",
    "BringBackRefused",
    "CallFailed",
    "ChecksFailed",
    "ConditionError",
    "ConsolidationError",
    "CutoverBlocked",
    "DatabaseError",
    "DatabaseReadOnly",
    "DraftConflict",
    "DrivenElsewhere",
    "EmbeddedFailed",
    "EmbeddedMismatch",
    "EmbeddedMissing",
    "ExecutorLost",
    "ExecutorMissing",
    "ExpressionRefused",
    "FilterUnreadable",
    "GraphError",
    "GraphRefused",
    "IdempotencyConflict",
    "InputRefused",
    "IsolationRefused",
    "KindRefused",
    "LandingDiffers",
    "LandingOutgrown",
    "LeaseLost",
    "LedgerRefused",
    "LegacyColumnsDropped",
    "LintFailed",
    "LockNotGranted",
    "MainstemError",
    "MappingRefused",
    "MigrationError",
    "MigrationUnknown",
    "MigrationUnsafe",
    "ModelsNotFound",
    "NoHome",
    "NoWayOn",
    "NonDeterministicWorkflow",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotInRun",
    "NotLossless",
    "NotReached",
    "NotReviewable",
    "OldSchemaChanged",
    "OpenToTheWorld",
    "OriginRefused",
    "OutcomeFailed",
    "PhaseRefused",
    "PortTaken",
    "PreconditionFailed",
    "PreconditionRequired",
    "ProgramError",
    "ProgramsMissing",
    "ProofFailed",
    "QueryBudgetExceeded",
    "RehearsedElsewhere",
    "RenameRefused",
    "RequirementRefused",
    "ResourcesMissing",
    "ReviewError",
    "RevisionRefused",
    "RightsMissing",
    "RollbackLoses",
    "RunCancelled",
    "RunFailed",
    "RunIsOver",
    "RunnerBusy",
    "ScanAbandoned",
    "SchemaDrifted",
    "SchemaMissing",
    "SchemaNewer",
    "SchemaNotOurs",
    "SchemaOlder",
    "ScratchRefused",
    "ServerTooOld",
    "SignalTimedOut",
    "SourceBusy",
    "SourceError",
    "SourceUnlandable",
    "SourceUnreadable",
    "SourceUnwatched",
    "StateRefused",
    "StateRefusesVerb",
    "StatementFailed",
    "StatementUnreadable",
    "StatisticsMissing",
    "StepExists",
    "StepFailed",
    "StepIsOver",
    "StepNotFound",
    "StepTimedOut",
    "TargetUnknown",
    "TooManyStreams",
    "UnknownWorkflow",
    "Unreachable",
    "UnreadableDatabase",
    "UnreadableMigration",
    "UnscopedConcurrency",
    "UnstorableValue",
    "UpgradeBlocked",
    "ValueRefused",
    "ValueTooLarge",
    "VisitsExceeded",
    "WorkflowCycle",
    "every_error",
]
