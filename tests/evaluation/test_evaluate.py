from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gold_corpus import GOLD, configured

from kgbuild.api import build_into
from kgbuild.config import Config
from kgbuild.errors import ConfigError, InputError
from kgbuild.evaluation.result import Evaluation, Resampling, to_json
from kgbuild.evaluation.run import Request, evaluate
from kgbuild.evaluation.score import Score
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.writers import write_documents

PREDICTED = """101|t|Aspirin for heart attack.
101|a|Aspirin prevents heart attack. Aspirin causes gastric ulcer and asthma.
101\t0\t7\tAspirin\tDrug\tD001241
101\t18\t24\tattack\tDisease\tD009203
101\t43\t55\theart attack\tDisease\tD009203
101\t57\t64\tAspirin\tDisease\tD001241
101\t72\t85\tgastric ulcer\tDisease\tD013276
101\t86\t89\tand\tGene\t5
101\tcauses\tD001241\tD013276
101\tcauses\tD001241\tD009203
"""


def request(gold: Path, config: Config, **options: object) -> Request:
    made = Request(gold=[gold], config=config, resampling=Resampling(samples=50))
    return replace(made, **options)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Everything, measured of the pipeline."""
    folder = tmp_path_factory.mktemp("evaluate")
    path = folder / "gold.pubtator"
    path.write_text(GOLD, "utf-8")
    return evaluate(request(path, configured(folder)))


def test_the_pipeline_is_run_on_the_texts_alone(found: Evaluation) -> None:
    # "lactic acidosis" is not in the vocabulary, "acidosis" is.
    assert found.score("mentions.strict", "ChemicalEntity") == Score(5, 5, 5, 5)
    assert found.score("mentions.strict", "Disease") == Score(6, 6, 4, 4)
    assert found.score("mentions.overlap", "Disease") == Score(6, 6, 6, 6)
    assert found.kinds["boundary"] == 2
    # MONDO:0005068 says that it is MESH:D009203.
    assert found.score("identifiers", "Disease") == Score(4, 4, 3, 3)
    assert found.score("relations", "CID").gold == 3
    assert found.documents == 2 and not found.notes
    assert found.predictions == "the pipeline"


def test_gold_mentions_are_grounded_and_gold_entities_related(found: Evaluation) -> None:
    accuracy = {
        column: found.score("grounding.accuracy", "Disease", column)
        for column in ("@1", "@5", "@1 all ids", "@1 decided")
    }
    assert {(s.gold, s.right) for s in accuracy.values()} == {(6, 4)}
    assert found.score("identifiers.gold_mentions", "micro") == Score(6, 5, 5, 5)
    given = found.score("relations.gold_entities", "CID")
    assert (given.gold, given.found, given.right) == (3, 3, 3)
    [wrong] = found.links
    assert (wrong.text, wrong.gold, wrong.found, wrong.count) == (
        "lactic acidosis", ("MESH:D000140",), "", 2,
    )  # fmt: skip


def test_exact_ids_lets_no_cross_reference_count(gold: Path, config: Config) -> None:
    found = evaluate(request(gold, config, xrefs=False, tasks=["grounding"]))
    assert found.score("identifiers", "Disease").right == 2
    assert found.score("grounding.accuracy", "Disease", "@1").right == 2


def test_statements_are_scored_at_thresholds(found: Evaluation) -> None:
    right = found.score("statements.predicate", "belief >= 0")
    assert (right.gold, right.right) == (3, 2)
    assert found.score("statements.predicate", "belief >= 0.95").found == 0
    assert [c.name for c in found.curves] == [
        "right predicate", "related in any way", "named together",
    ]  # fmt: skip
    assert found.curves[0].average_precision == pytest.approx(7 / 18)  # the surest is wrong


def test_training_names_help_a_second_round(gold: Path, config: Config, tmp_path: Path) -> None:
    train = tmp_path / "train.pubtator"
    train.write_text(
        "9|t|Lactic acidosis and ulcer.\n9|a|\n9\t0\t15\tLactic acidosis\tDisease\tD000140\n"
        "9\t0\t25\tLactic acidosis and ulcer\tDisease\tD000140|D014456\n" + GOLD,
        "utf-8",
    )
    found = evaluate(request(gold, config, train=[train], tasks=["grounding"]))
    assert found.score("grounding.accuracy", "Disease", "@1").right == 4
    assert found.score("grounding.accuracy.with_training", "Disease", "@1").right == 6
    assert found.table("grounding.accuracy.with_training").title.endswith("1 training names added")
    assert any("2 documents" in note and "left out" in note for note in found.notes)


def test_files_of_another_tool(gold: Path, config: Config, tmp_path: Path) -> None:
    path = tmp_path / "tool.pubtator"
    path.write_text(PREDICTED, "utf-8")
    found = evaluate(request(gold, config, predictions=[path]))
    # A Drug is a ChemicalEntity; genes are not annotated; 102 is not there.
    assert found.score("mentions.strict", "ChemicalEntity") == Score(5, 1, 1, 1)
    assert found.score("mentions.strict", "Disease") == Score(6, 4, 2, 2)
    assert (found.kinds["boundary"], found.kinds["type"], found.kinds["spurious"]) == (1, 1, 0)
    assert found.score("relations", "CID") == Score(3, 2, 1, 1)
    assert found.score("identified.strict", "Disease") == Score(6, 4, 2, 2)
    assert found.score("identified.overlap", "Disease") == Score(6, 4, 3, 3)
    assert [table.name for table in found.tables] == [
        "mentions.strict", "mentions.overlap", "identified.strict", "identified.overlap",
        "identifiers", "grounding.found", "relations",
    ]  # fmt: skip
    assert "1 of 2 gold documents" in found.notes[0]
    shared = evaluate(request(gold, config, predictions=[path], shared_only=True))
    assert shared.documents == 1
    assert shared.score("mentions.strict", "ChemicalEntity").gold == 3


def test_grounding_of_what_was_found_is_the_accuracy_of_a_tool_that_was_given_all(
    gold: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "tool.pubtator"
    given = GOLD.replace("heart attack\tDisease\tD009203", "heart attack\tDisease\tD000001", 1)
    given = given.replace("asthma\tDisease\tD001249", "asthma\tDisease\t-1")
    path.write_text(given, "utf-8")
    found = evaluate(request(gold, config, predictions=[path], tasks=["grounding"]))
    assert found.score("grounding.found", "Disease", "@1") == Score(6, 5, 4, 4)
    # What is at another place is not among them.
    path.write_text(given.replace("102\t14\t29\tlactic ", "102\t21\t29\t"), "utf-8")
    less = evaluate(request(gold, config, predictions=[path], tasks=["grounding"]))
    assert less.score("grounding.found", "Disease", "@1") == Score(5, 4, 3, 3)


@pytest.mark.parametrize("format", ["bioc-xml", "bioc-json", "pubtator"])
def test_gold_against_itself_is_all_right(
    gold: Path, config: Config, tmp_path: Path, format: str
) -> None:
    items = [item for item in read_documents(gold) if isinstance(item, AnnotatedDocument)]
    copy = tmp_path / f"copy.{format}"
    with copy.open("wb") as stream:
        write_documents(items, stream, format=format)
    found = evaluate(request(gold, config, predictions=[copy]))
    for name in ("mentions.strict", "identifiers", "grounding.found", "relations"):
        assert all(row.score.f1 == 1.0 for row in found.table(name).rows), name
    assert not found.differences and not found.relations


def test_a_build_is_evaluated_with_its_statements(
    found: Evaluation, gold: Path, config: Config, tmp_path: Path
) -> None:
    items = [item for item in read_documents(gold) if isinstance(item, AnnotatedDocument)]
    out = tmp_path / "graph"
    build_into(out, memory=[item.document for item in items], config=config)
    own = evaluate(request(gold, config, predictions=[out]))
    assert own.predictions == str(out)
    for table in own.tables:
        assert found.table(table.name) == table
    assert {t.name for t in own.tables} >= {"relations", "statements.any", "mentions.strict"}
    assert own.curves == found.curves


def test_offsets_are_carried_over_another_spacing(
    gold: Path, config: Config, tmp_path: Path
) -> None:
    spaced = GOLD.replace("Aspirin for heart", "Aspirin  for\theart", 1)
    shifted = tmp_path / "shifted.pubtator"
    # One character more before "heart": offsets of the title move, the mentions are the same.
    shifted.write_text(
        spaced.replace("101\t12\t24", "101\t13\t25").replace("101\t26\t33", "101\t27\t34")
        .replace("101\t43\t55", "101\t44\t56").replace("101\t57\t64", "101\t58\t65")
        .replace("101\t72\t85", "101\t73\t86").replace("101\t90\t96", "101\t91\t97"),
        "utf-8",
    )  # fmt: skip
    found = evaluate(request(gold, config, predictions=[shifted]))
    assert found.score("mentions.strict", "micro").f1 == 1.0


def test_one_recognizer_of_the_configuration(gold: Path, config: Config) -> None:
    found = evaluate(request(gold, config, recognizer="variants", tasks=["mentions"]))
    assert found.score("mentions.strict", "micro").found == 0
    with pytest.raises(ConfigError, match=r"no recognizer of type 'transformer'.*--config"):
        evaluate(request(gold, config, recognizer="transformer"))


def test_categories_and_maps(gold: Path, config: Config, tmp_path: Path) -> None:
    only = evaluate(request(gold, config, categories=["Chemical"], tasks=["mentions"]))
    assert [row.label for row in only.table("mentions.strict").rows] == ["ChemicalEntity", "micro"]
    with pytest.raises(InputError, match="annotates no Gene; it annotates: ChemicalEntity"):
        evaluate(request(gold, config, categories=["Gene"]))
    with pytest.raises(ConfigError, match="no category 'Nonsense'"):
        evaluate(request(gold, config, categories=["Nonsense"]))
    odd = tmp_path / "odd.pubtator"
    odd.write_text(GOLD.replace("\tDisease\t", "\tety\t"), "utf-8")
    noted = evaluate(request(odd, config, tasks=["mentions"]))
    assert any("no category for 'ety'" in n and "--map 'ety=Disease'" in n for n in noted.notes)
    mapped = evaluate(request(odd, config, maps={"ety": "Disease"}, tasks=["mentions"]))
    assert mapped.score("mentions.strict", "Disease").right == 4 and not mapped.notes
    both = evaluate(request(gold, config, maps={"Disease": "Phenotype"}, tasks=["mentions"]))
    assert both.score("mentions.strict", "PhenotypicFeature").right == 4


def test_labels_that_mean_nothing_at_all_are_an_error(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "untyped.iob"
    path.write_text("Aspirin\tB\nhelps\tO\n.\tO\n")
    with pytest.raises(InputError, match=r"names no category.*--map"):
        evaluate(request(path, config, tasks=["mentions"]))
    found = evaluate(request(path, config, maps={"Entity": "Chemical"}, tasks=["mentions"]))
    assert found.score("mentions.strict", "ChemicalEntity") == Score(1, 1, 1, 1)


def test_what_can_not_be_evaluated_is_said(gold: Path, config: Config, tmp_path: Path) -> None:
    bare = tmp_path / "bare.pubtator"
    bare.write_text("5|t|No annotation.\n5|a|None at all.\n")
    with pytest.raises(InputError, match="without a single annotated mention: expected PubTator"):
        evaluate(request(bare, config))
    other = tmp_path / "other.pubtator"
    other.write_text("900|t|Aspirin.\n900|a|\n900\t0\t7\tAspirin\tChemical\tD001241\n")
    with pytest.raises(InputError, match=r"ids look like PMID:101 there and PMID:900 here"):
        evaluate(request(gold, config, predictions=[other]))
    text = tmp_path / "text.pubtator"
    text.write_text("101|t|Aspirin was tried.\n101|a|\n101\t0\t7\tAspirin\tChemical\tD001241\n")
    with pytest.raises(InputError, match=r"texts .* are not those .*'was tried"):
        evaluate(request(gold, config, predictions=[text]))
    broken = tmp_path / "broken.pubtator"
    broken.write_text("101\t0\t7\tAspirin\tChemical\tD001241\n")
    with pytest.raises(InputError, match="no document could be read"):
        evaluate(request(broken, config))
    with pytest.raises(ConfigError, match="no task 'speed'; tasks: mentions"):
        evaluate(request(gold, config, tasks=["speed"]))
    with pytest.raises(InputError, match=r"no such file.*absent\.pubtator"):
        evaluate(request(tmp_path / "absent.pubtator", config))


def test_a_document_that_comes_twice_counts_once(gold: Path, config: Config) -> None:
    gold.write_text(GOLD + "\n" + GOLD.partition("\n\n")[0] + "\n", "utf-8")
    found = evaluate(request(gold, config, tasks=["mentions"]))
    assert found.score("mentions.strict", "micro").gold == 11
    assert found.notes == [f"{gold}: read twice, the first kept: PMID:101"]


def test_identifiers_of_other_vocabularies_are_pointed_out(
    gold: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "tool.pubtator"
    path.write_text(
        GOLD.replace("\tD0", "\tDOID:").replace("\tCID\tDOID:", "\tCID\tDOID:"), "utf-8"
    )
    found = evaluate(request(gold, config, predictions=[path], tasks=["grounding"]))
    assert "gold identifiers are of MESH, predicted ones of DOID" in found.notes[-1]


def test_relations_between_identifiers_of_another_vocabulary_are_pointed_out(
    gold: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "tool.pubtator"
    path.write_text(GOLD.replace("D013276", "DOID:10808").replace("D000140", "DOID:3650"), "utf-8")
    found = evaluate(request(gold, config, predictions=[path], tasks=["relations"]))
    assert found.notes == [
        "Relations: 2 of 3 predictions have identifiers of DOID, gold ones are of MESH: they can't "
        "be right; use vocabularies of the latter, or ones that cross-reference them"
    ]
    path.write_text(GOLD.replace("D013276", "DOID:10808"), "utf-8")
    assert not evaluate(request(gold, config, predictions=[path], tasks=["relations"])).notes


def test_discontinuous_gold_against_whole_predictions(config: Config, tmp_path: Path) -> None:
    text = "Left and right heart failure."
    (tmp_path / "1.txt").write_text(text)
    (tmp_path / "1.ann").write_text("T1\tDisease 0 4;15 28\tLeft heart failure\n")
    tool = tmp_path / "tool.pubtator"
    tool.write_text(f"1|t|{text}\n1|a|\n1\t0\t28\t{text[:-1]}\tDisease\n")
    gold = tmp_path / "1.ann"
    options = {"predictions": [tool], "options": {"id_prefix": "PMID"}, "tasks": ["mentions"]}
    found = evaluate(request(gold, config, **options))
    assert found.score("mentions.strict", "micro") == Score(1, 1, 0, 0)
    assert "--whole-spans" in found.notes[0]
    whole = evaluate(request(gold, config, whole=True, **options))
    assert whole.score("mentions.strict", "micro") == Score(1, 1, 1, 1) and not whole.notes


def test_json_holds_every_table_and_its_intervals(
    found: Evaluation, gold: Path, config: Config
) -> None:
    numbers = to_json(found, Resampling(samples=50))
    strict = numbers["tables"]["mentions.strict"]["rows"]["Disease"]
    assert (strict["gold"], strict["right"], strict["f1"]) == (6, 4, 0.6667)
    low, high = strict["interval"]["f1"]
    assert 0 <= low <= strict["f1"] <= high <= 1
    accuracy = numbers["tables"]["grounding.accuracy"]["rows"]["Disease"]["@1"]
    assert accuracy["accuracy"] == 0.6667 and accuracy["mentions"] == 6
    assert numbers["mention_errors"]["boundary"] == 2
    assert numbers["curves"]["right predicate"]["points"][0]["belief"] == 0.0
    bare = request(gold, config, resampling=Resampling(samples=0), tasks=["mentions"])
    assert "interval" not in str(to_json(evaluate(bare), bare.resampling))
