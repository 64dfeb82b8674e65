"""Consolidation: old tables in, nothing lost, old code still working."""
