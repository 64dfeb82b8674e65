"""Scans of the live data: each module looks for oddities of one subject."""
