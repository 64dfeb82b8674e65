"""Live: the databases that a migration is meant for, only read."""
