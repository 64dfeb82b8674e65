"""Consolidation: somebody's old tables brought into the ledger, and their next migration made safe."""
