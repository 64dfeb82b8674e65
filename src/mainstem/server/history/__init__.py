"""The API of the old history application, frozen: its list, its sixty-one fields, its socket; outside /api/v1."""
