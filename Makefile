# The front door: a machine with make and Python 3.11, 3.12 or 3.13 needs nothing else installed first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check soak faults mutants bench lock clean

# A Python to build .venv with; without it the newest suitable one on the PATH that answers to these names.
PYTHON ?=
CANDIDATES = $(PYTHON) python3 python3.13 python3.12 python3.11
# How many tests run at once.
JOBS ?= 2
ARGS ?=

# Where this is set, every process that a test starts would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

help: ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name words; do printf '%-14s %s\n' "$$name" "$$words"; done

setup: .venv/.ready ## make .venv with every locked package and the dunwell command

demo: setup ## watch it work on invented invoices; ARGS=--once to end by itself
	$(BIN)/dunwell demo $(ARGS)

test: setup ## run every test, on SQLite and on PostgreSQL; ARGS are pytest's
	$(PYTEST) $(ARGS)

check: setup ## lint, format, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: setup ## the tests that go through many seeds, with many more of them
	DUNWELL_SOAK=1 $(PYTEST) -m "soak or faults" --timeout 3600 $(ARGS)

faults: setup ## kill every process of a whole installation, again and again; judged from outside
	DUNWELL_SOAK=1 $(BIN)/python -m pytest -m faults --timeout 3600 -s $(ARGS)

mutants: setup ## damage the product on purpose, and see whether a test notices; ARGS="--only NAME"
	$(BIN)/python -m tests.mutants.run $(ARGS)

bench: setup ## speed and memory against a bare Temporal workflow and a bare web route; ARGS=--quick
	$(BIN)/python -m bench $(ARGS)

lock: setup ## resolve the dependencies anew; ARGS=--upgrade for their newest versions
	$(COMPILE) pyproject.toml $(ARGS) -o requirements.txt
	$(COMPILE) pyproject.toml --group dev $(ARGS) -o requirements-dev.txt
	$(COMPILE) --group build $(ARGS) -o requirements-build.txt

clean: ## remove .venv and caches; never data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python whose ensurepip is missing (Debian without python3-venv) is helped by its own pip, when it has one.
.venv/.ready: requirements-dev.txt pyproject.toml
	@python=; for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Dunwell needs Python 3.11, 3.12 or 3.13, and none of these is one: $(CANDIDATES)" >&2; \
	    echo "Install one, or name yours: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$python" --version); this takes a minute or two the first time."; \
	if "$$python" -c 'import ensurepip' 2>/dev/null; then "$$python" -m venv .venv; \
	elif "$$python" -m pip --version >/dev/null 2>&1; then \
	    "$$python" -m venv --without-pip .venv && "$$python" -m pip --python $(BIN)/python install --quiet pip; \
	else \
	    echo "This Python cannot make a virtual environment: the module ensurepip is missing." >&2; \
	    echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi
	$(PIP) install --require-hashes --requirement requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
