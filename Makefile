# Everything runs in .venv; `make demo` and `make test` work on a fresh machine with Python >= 3.11.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format benchmark console console-schema console-test clean

demo: .venv/.installed-demo
	$(BIN)/vedette demo

# A file's tests stay in one process, and the stores of tests in memory where the machine offers that:
# what they wait for otherwise is the disk.
# Tests start many servers: without compiled modules each would compile them again.
# Threads of numeric libraries that spin while they wait take the cores from other processes' tests.
test: export PYTHONDONTWRITEBYTECODE =
test: export OMP_WAIT_POLICY = passive
test: .venv/.installed-dev
	TMPDIR=$${TMPDIR:-$$(test -w /dev/shm && echo /dev/shm || echo /tmp)} \
		$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: .venv/.installed-dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed-dev
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

benchmark: .venv/.installed-dev
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/search.py

# The console's assets are committed, so only a change of its source needs Node (20.19 or later).
console: console-schema
	cd console && npx tsc --noEmit && npx vite build
	$(BIN)/python console/tools/source_hash.py > src/vedette/console/assets/source.sha256

console-schema: .venv/.installed-dev console/node_modules/.package-lock.json
	$(BIN)/vedette openapi > console/openapi.json
	cd console && npm run --silent schema

console-test: console-schema
	cd console && npx tsc --noEmit && npx biome check src tests *.ts *.json && npx vitest run

console/node_modules/.package-lock.json: console/package-lock.json
	# Not `npm ci`, which refuses a lock file without the linter's builds for other platforms.
	cd console && npm install --no-save --ignore-scripts --no-audit --no-fund
	touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.installed-%: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[$(if $(filter dev,$*),dev,server$(comma)demo)]'
	touch $@

comma := ,

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
