"""Consolidation: old tables brought in, and other people's migrations made safe."""
