# Everything runs in .venv; `make demo` and `make test` work on a fresh machine with Python >= 3.11.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format benchmark clean

demo: .venv/.installed-demo
	$(BIN)/vedette demo

test: .venv/.installed-dev
	$(BIN)/python -m pytest

check: .venv/.installed-dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

format: .venv/.installed-dev
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

benchmark: .venv/.installed-dev
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/search.py

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.installed-%: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[$(if $(filter dev,$*),dev,server$(comma)demo)]'
	touch $@

comma := ,

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
