"""The preset for the `rcm` execution schema: its mapping, the functions for old ids, and a sample database."""
