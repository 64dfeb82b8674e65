"""Definitions over HTTP: two people at one draft, and what a refused graph's problem says."""

from __future__ import annotations

