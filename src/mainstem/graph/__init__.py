"""Graphs: workflows that are drawn. What they may say, what speaks against one, and the one program that runs them all."""
