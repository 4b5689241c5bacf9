# make run   starts Firstkey on this machine        make test   runs all tests
# make lint  format, style, types, packages with known holes    make bench  measures (ONLY=group for one)
# make chaos kill -9 in the middle of sending, and whatever else takes hours    ONLY=district: 1,000,000 people of 50 schools, 20 minutes
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?=

# Compiled files are kept, so that the second start is quick.
unexport PYTHONDONTWRITEBYTECODE
export FIRSTKEY_DEMO := $(or $(DEMO),$(FIRSTKEY_DEMO),yes)

# The scratch of the tests is kept in memory where there is room: on a disk, a fresh PostgreSQL database costs 15 times as much.
IN_MEMORY = $(shell test "$$(df -k --output=avail /dev/shm 2>&- | tail -n 1)" -gt 4000000 2>&- && echo /dev/shm)

.PHONY: run test lint bench chaos requirements format clean

run: $(VENV)/.ready
	@$(BIN)/python -m core.manage serve

test: $(VENV)/.ready-for-tests
	@bash tests/system_packages.sh
	TMPDIR=$(or $(IN_MEMORY),$(TMPDIR),/tmp) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=60

lint: $(VENV)/.ready-for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy core
	@$(BIN)/python -m tests.dependencies

bench: $(VENV)/.ready-for-tests
	@$(BIN)/python -m tests.benchmarks $(ONLY)

chaos: $(VENV)/.ready-for-tests
	FIRSTKEY_CHAOS=long $(BIN)/python -m pytest -q tests/chaos tests/delivery/test_kill.py tests/delivery/test_directory_kill.py \
		tests/tables/test_status_after_acts.py tests/services/test_selection_model.py

# A machine needs nothing but Python 3.11+ and its pip: the versions and their hashes stand in requirements.txt.
$(VENV)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Firstkey needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Firstkey needs (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.ready-for-tests: $(VENV)/.ready requirements-test.txt
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

requirements:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate requirements-test.in -o requirements-test.txt

format: $(VENV)/.ready-for-tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
