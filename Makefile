# The two commands: make lab, make test. Each sets up .venv first; PYTHON=python3.13 chooses one.
BIN := .venv/bin
# A test that hangs ends after ten minutes, and its traceback says where.
PYTEST := $(BIN)/python -m pytest -n 2 --timeout 600
UV := $(or $(shell command -v uv),$(BIN)/uv)
LOCK := requirements.lock pyproject.toml .ci/set-up

.PHONY: lab test proof notebooks lock

lab: .venv/.lab  ## open the notebooks
	@$(BIN)/workbook lab

test: .venv/.test  ## what needs Python and the packages alone
	$(BIN)/ruff check
	$(BIN)/mypy
	$(PYTEST) -m "not proof" tests/test_database.py tests/course tests/workbook

proof: .venv/.test  ## what needs more: a browser, the sandbox, the network, minutes
	$(PYTEST) -n 3 -m proof tests/course tests/workbook  # many wait for a time to be up

notebooks: .venv/.test  ## run them all and keep what comes out
	$(BIN)/python -m tests.course.rerun

lock: .venv/.test  ## newest versions into requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --all-extras \
	    --no-emit-index-url --no-annotate --no-header pyproject.toml --output-file requirements.lock

.venv/.lab: $(LOCK)
	@.ci/set-up lab

.venv/.test: $(LOCK)
	@.ci/set-up test
