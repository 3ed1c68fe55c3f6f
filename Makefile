# make demo | test | check | run | setup | benchmarks | pictures | lock      (PYTHON=python3.13 to choose another Python)
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ARGS ?=
# Tests start hundreds of processes: none of them compiles all of Haven anew, whatever the shell says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test check run setup benchmarks pictures lock clean

setup:
	@$(PYTHON) bootstrap.py --venv $(VENV)

demo: setup
	@$(BIN)/haven demo $(ARGS)

test: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)
	@$(BIN)/python -m benchmarks --smoke

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

run: setup
	@$(BIN)/haven up $(ARGS)

benchmarks: setup
	@$(BIN)/python -m benchmarks

pictures: setup
	@GOLDEN=write $(BIN)/python -m pytest -q -n 0 tests/kiosk/test_looks.py tests/web/test_looks.py
	@$(BIN)/python -m benchmarks.pictures_discord

lock:
	@$(BIN)/pip install -q pip-tools
	@$(BIN)/pip-compile -q --strip-extras --extra dev --no-emit-index-url --no-emit-find-links --allow-unsafe --no-header --no-annotate -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
