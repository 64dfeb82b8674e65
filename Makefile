# The whole workflow, a line each. Everything is made in .venv; nothing but Python 3.11 and a package index is presumed.
PYTHON ?= python3
BIN := .venv/bin
CHAOS_SECONDS ?= 300
KILLS ?= 500

.PHONY: demo test test-all check lint types contracts pytest chaos bench bench-ledger bench-engine bench-safeguards bench-reading bench-consolidate bench-server bench-scale console console-test reference lock clean

demo: .venv/demo
	$(BIN)/mainstem demo

test: .venv/dev check

test-all: .venv/dev lint types contracts console-test
	$(BIN)/python -m pytest

check: lint types contracts console-test pytest

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports --no-cache

# Into src/mainstem/console_dist, by the machine's Node.js or the one that PyPI ships; unchanged sources are not built again.
console: .venv/dev
	$(BIN)/python tools/build_console.py

console-test: console
	$(BIN)/python tools/build_console.py --test

# The same examples of properties each time, for everybody; `make test-all` and `make chaos` draw others.
pytest: .venv/dev console
	$(BIN)/python -m pytest -m "not slow" --numprocesses 3 --dist loadscope --hypothesis-profile ci

chaos: .venv/dev
	$(BIN)/python tests/chaos/chaos.py --seconds $(CHAOS_SECONDS)
	$(BIN)/python tests/kills/thirty.py --kills $(KILLS)
	CHAOS_EXAMPLES=100 $(BIN)/python -m pytest tests/chaos/test_any_order.py

bench: bench-ledger bench-engine bench-safeguards bench-reading bench-consolidate bench-server bench-scale

# Its first paint needs the console, and the browser's driver of .venv/dev.
bench-server: console

bench-ledger bench-engine bench-safeguards bench-reading bench-consolidate bench-server bench-scale: bench-%: .venv/bench
	$(BIN)/python bench/$*.py

# requirements.lock holds every package, so that all machines test the same versions.
reference: .venv/dev
	$(BIN)/python tools/make_reference.py

lock: .venv/dev .venv/bench
	$(BIN)/pip freeze --exclude-editable | grep -v '^mainstem' > requirements.lock

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/demo .venv/dev .venv/bench: .venv/%: pyproject.toml requirements.lock | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[$*]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
