"""Mappings for systems that we know, each with a sample database to try them on."""
