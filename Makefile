# Every target sets itself up in .venv; nothing else needs to be on the machine but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test slow check bench validate clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)  ## install and run the main job on the bundled sample
	$(BIN)/trustsem demo

test: $(STAMP)  ## the default test run
	$(BIN)/python -m pytest -m "not slow" -n auto

slow: $(STAMP)  ## the tests left out of the default run
	$(BIN)/python -m pytest -m slow -n auto

check: $(STAMP)  ## layout, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --config importlinter.toml

bench: $(STAMP)  ## timings, with lavaan beside them where R is there
	$(BIN)/python benchmarks/run.py

validate: $(STAMP)  ## the numbers of docs/validation.md, computed anew (many thousand fits: allow an hour)
	$(BIN)/python benchmarks/agreement.py --write
	$(BIN)/python benchmarks/simulation.py --write
	$(BIN)/python benchmarks/simulation_robust.py --write
	$(BIN)/python benchmarks/simulation_robust_indices.py
	$(BIN)/python benchmarks/simulation_ordinal.py --write
	$(BIN)/python benchmarks/simulation_mediation.py --write
	$(BIN)/python benchmarks/simulation_moderation.py --write

clean:
	rm -rf $(VENV) dist build trustsem-demo
