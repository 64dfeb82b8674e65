"""Sources: where old tables are, and how they are opened without harm."""
