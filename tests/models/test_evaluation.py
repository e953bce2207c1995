"""Evaluation datasets and scorers are read page by page, and never more than fits."""

import orjson
import pytest

from vedette.core.errors import NotFoundError
from vedette.models.evaluation.datasets import EvaluationDatasets
from vedette.models.evaluation.records import EvaluationRecords
from vedette.models.evaluation.scorer_text import MAX_SHOWN, read_scorer
from vedette.models.evaluation.scorers import Scorers
from vedette.models.tracking.experiments import Experiments


def test_a_page_of_long_records_ends_early(as_user):
    ann = as_user("ann")
    dataset = EvaluationDatasets(ann).create("long", {}, [])
    records = EvaluationRecords(ann)
    records.upsert(
        dataset.id, [{"inputs": {"q": f"{n}" * size}} for n, size in enumerate((900, 50, 50))]
    )
    whole, _ = records.page(dataset.id, 10)
    pages, token = [], None
    while True:
        page, token = records.page(dataset.id, 10, token, most=600)
        pages.append(page)
        if token is None:
            break
    assert [record for page in pages for record in page] == whole
    lengths = [[len(record["inputs"]["q"]) for record in page] for page in pages]
    # The long one is alone on its page, wherever among the records of its call it stands.
    assert [900] in lengths
    assert all(sum(page) <= 600 or len(page) == 1 for page in lengths)


def test_scorers_of_an_account_come_by_their_last_version(as_user):
    ann = as_user("ann")
    first, other = (Experiments(ann).create(name) for name in ("first", "other"))
    scorers = Scorers(ann)
    for experiment, name in ((first, "short"), (first, "short"), (other, "polite"), (first, "a")):
        scorers.register(experiment, name, "{}")
    page, token = scorers.heads([], 2)
    rest, last = scorers.heads([], 2, token)
    found = {(one.experiment_id, one.name): (one.version, one.versions) for one in [*page, *rest]}
    assert found == {(first, "short"): (2, 2), (other, "polite"): (1, 1), (first, "a"): (1, 1)}
    assert (len(page), last) == (2, None)
    assert [one.name for one in scorers.heads([other], 10)[0]] == ["polite"]
    assert [one.version for one in scorers.versions_before(first, "short", 1)] == [2]
    assert [one.version for one in scorers.versions_before(first, "short", 5, 2)] == [1]
    with pytest.raises(NotFoundError):
        scorers.versions_before(first, "unknown", 5)


@pytest.mark.parametrize(
    ("document", "kind", "model", "text"),
    [
        (
            {"instructions_judge_pydantic_data": {"instructions": "Is it kind?", "model": "m:/x"}},
            "judge", "m:/x", "Is it kind?",
        ),
        ({"call_source": "return len(outputs)"}, "code", "", "return len(outputs)"),
        (
            {"builtin_scorer_class": "Guidelines",
             "builtin_scorer_pydantic_data": {"model": None, "guidelines": ["be kind", "be short"]}},
            "built-in", "", "be kind\nbe short",
        ),
        ({"builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {}}, "built-in", "", "Safety"),
    ],
)  # fmt: skip
def test_a_scorers_text_is_read(document, kind, model, text):
    read = read_scorer(orjson.dumps({**document, "description": "why"}).decode())
    assert (read.kind, read.description, read.model, read.text) == (kind, "why", model, text)
    assert not read.truncated


@pytest.mark.parametrize(
    "serialized", ["not json", "[1]", '{"own": "format"}', '{"call_source": 1}']
)
def test_any_text_is_a_scorer(serialized):
    assert read_scorer(serialized).text in {serialized, "1"}


def test_a_long_text_is_cut():
    read = read_scorer("x" * (MAX_SHOWN + 1))
    assert (len(read.text), read.truncated) == (MAX_SHOWN, True)
