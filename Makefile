# Two commands are enough: `make demo` and `make test`. Both need Python >= 3.11 and git, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SEED ?= 1
STAMP := $(VENV)/.installed

.PHONY: demo test dist docs mutants serve lint format lock clean

demo: $(STAMP)  ## the real server against the built-in sandbox GitHub, step by step
	$(BIN)/ssot demo

test: $(STAMP) lint  ## linters, types and every test
	$(BIN)/python -m pytest -n auto --dist worksteal

dist: $(STAMP)  ## the wheel and the sdist, in dist/: the same bytes for the same commit
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/python -m hatchling build --clean

docs: $(STAMP)  ## the documents as a site, in site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

mutants: $(STAMP)  ## do the tests see a change of the engine? 200 one-place mutants (another sample: SEED=2)
	$(BIN)/python -m benchmarks.mutants --seed $(SEED)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: $(STAMP)
	$(BIN)/ssot serve

lock:  ## resolve the newest versions that pyproject.toml allows
	uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --group dev --output-file requirements-dev.txt pyproject.toml
	uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml
	echo 'hatchling>=1.27' | uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --constraint requirements-dev.txt --output-file requirements-build.txt -

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ssot-bot needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q bot handlers
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
