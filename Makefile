# `make run` serves on http://127.0.0.1:8000, `make test` runs the whole suite; both make .venv first.
# Needs Python 3.11 with venv (Debian: python3-venv). No root.

PYTHON ?= python3
ARGUMENTS ?=
# One more than there are processors: stories wait for scripts and pages most of the time.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN = .venv/bin
PIP = $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --require-hashes
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadgroup
COMPILE = $(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

# The tests start some two hundred programs: compiling everything anew for each took more time than all the rest.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-postgres dialects crowd lint requirements benchmarks shape-finder clean

run: .venv/requirements.txt  ## Serve; ARGUMENTS="--port 9000" are passed on
	@exec $(BIN)/python manage.py serve $(ARGUMENTS)

shape-finder: .venv/requirements.txt  ## Connect the demo's script to a server that runs
	@exec examples/connect

# Checks need settings and so a data directory, but not the one that is served from.
test test-postgres dialects crowd lint: export PLUGINHOST_DATA_DIR = .cache/checked

test: .venv/requirements-dev.txt  ## All tests; what is skipped is named, with the reason
	$(BIN)/python manage.py check
	$(PYTEST) $(ARGUMENTS)

test-postgres: .venv/requirements-dev.txt  ## On a PostgreSQL of its own (apt install postgresql), all but how pages look
	$(BIN)/python -m tests.postgres $(PYTEST) $(ARGUMENTS)

dialects: .venv/requirements-dev.txt  ## The story of a run with every published client, each installed by itself
	$(PYTEST) -m dialect $(ARGUMENTS)

crowd: .venv/requirements-dev.txt  ## Two hundred scripts at work, over ten kills and ten hand-overs
	$(BIN)/pytest -m crowd $(ARGUMENTS)

lint: .venv/requirements-dev.txt  ## Style, types, migrations, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy dashboard pluginhost
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/djlint templates --lint --quiet

benchmarks: .venv/requirements-dev.txt  ## Measure on a quiet machine, and write docs/performance.md
	$(BIN)/python -m benchmarks $(ARGUMENTS)

requirements: .venv/requirements-dev.txt  ## Pin anew what requirements.in and requirements-dev.in ask for
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt

clean:  ## Everything that can be made again; var/ stays
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# What is installed is kept beside it, so that pip runs only when the pins have changed.
.venv/requirements.txt .venv/requirements-dev.txt: .venv/%: % | .venv/bin/python
	@echo "Installing $< ..."
	@$(PIP) -r $<
	@cp $< $@

.venv/bin/python:
	$(PYTHON) -m venv .venv
