# make demo   install the light core and build a graph of the examples
# make test   install everything that the tests use, and run them
# make check  lint and types
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= demo-graph
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check clean

demo: $(VENV)/core.stamp
	@rm -rf $(OUT)
	@echo "== kgbuild build examples/pubmed --out $(OUT)"
	@$(BIN)/kgbuild build examples/pubmed --out $(OUT)
	@echo
	@echo "== which drugs treat which diseases? (Cypher)"
	@$(BIN)/kgbuild query $(OUT) examples/treats.cypher
	@echo "== and the same graph in SPARQL: what inhibits what?"
	@$(BIN)/kgbuild query $(OUT) --sparql examples/inhibits.rq
	@echo "Ask the next question:"
	@echo "  $(BIN)/kgbuild show $(OUT) metformin"
	@echo "  $(BIN)/kgbuild query $(OUT) \"MATCH (g:Gene)-[r:predisposes_to]->(d:Disease) RETURN g.name, d.name, r.belief\""
	@echo "  $(BIN)/kgbuild build YOUR_FOLDER --out YOUR_GRAPH"

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --doctest-modules -p no:cacheprovider kgbuild extractors loaders ontologies

check: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("kgbuild needs Python 3.11 or newer, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: pyproject.toml | $(VENV)/bin/python
	@echo "== installing kgbuild's core into $(VENV): about 200 MB to download, 700 MB on disk"
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/test.stamp: pyproject.toml | $(VENV)/bin/python
	@echo "== installing kgbuild with all extras that the tests use into $(VENV):"
	@echo "   about 3 GB to download and 6 GB on disk, nearly all of it torch with CUDA"
	$(BIN)/python -m pip install --quiet -e '.[dense,dev,exchange,neo4j,notebook,owl,pdf,train]'
	@touch $@ $(VENV)/core.stamp

clean:
	rm -rf $(VENV) $(OUT) dist .mypy_cache .pytest_cache .ruff_cache
