"""The author's words: workflows, steps, and what their code may ask for."""
