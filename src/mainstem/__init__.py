"""mainstem: one PostgreSQL ledger that runs workflows and shows every run."""
