"""One migration of anybody's database, made safe: lint, proved backup, rehearsal on a copy, apply, check, rollback."""
