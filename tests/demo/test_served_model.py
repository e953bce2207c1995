from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from vedette.core.errors import UnavailableError
from vedette.demo.workload import model as models
from vedette.demo.workload.feature_store import CATEGORIES, FEATURES
from vedette.demo.workload.served_model import MOST_FAILURES, ServedModel

pytestmark = pytest.mark.usefixtures("folder")
ROW: dict[str, Any] = dict.fromkeys(FEATURES, 1.0) | dict.fromkeys(CATEGORIES, "AA")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _save(version: int, features: tuple[str, ...] = FEATURES) -> None:
    inputs = np.random.default_rng(0).normal(size=(60, len(features)))
    estimator = HistGradientBoostingClassifier(max_iter=2).fit(inputs, inputs[:, -1] > 0)
    categories = {name: {"AA": 0} for name in CATEGORIES}
    models.save(models.Model(version, features, categories, estimator, {}))


def _serving(*versions: int) -> ServedModel:
    served = ServedModel()
    for version in versions:
        served.load(version)
    return served


def test_without_a_model_it_says_so() -> None:
    with pytest.raises(UnavailableError, match="no model is trained yet"):
        ServedModel().predict(ROW)


def test_the_newest_version_answers() -> None:
    _save(1)
    _save(2)
    probability, version = _serving(1, 2).predict(ROW)
    assert 0 < probability < 1
    assert version == 2


def test_a_version_that_keeps_failing_is_rolled_back(caplog: pytest.LogCaptureFixture) -> None:
    _save(1)
    _save(2, FEATURES[:-1])
    served = _serving(1, 2)
    for _ in range(MOST_FAILURES):
        assert served.version == 2
        with pytest.raises(ValueError, match="features"):
            served.predict(ROW)
    assert served.predict(ROW)[1] == 1
    assert "rolled back from model version 2 to 1" in caplog.text


def test_a_file_that_is_no_model_leaves_the_last_one_serving(folder: Path) -> None:
    _save(1)
    served = _serving(1)
    (folder / "models" / "flight-delay-2.joblib").write_bytes(b"\x80nonsense")
    served.load(2)
    assert served.predict(ROW)[1] == 1


def test_only_the_newest_files_are_kept() -> None:
    for version in range(1, 9):
        _save(version)
    assert models.versions() == [4, 5, 6, 7, 8]


def test_what_the_training_did_not_know_is_no_number() -> None:
    row = ROW | {"carrier": "??", "seats": None}
    encoded = dict(
        zip(FEATURES, models.encode(row, FEATURES, {n: {"AA": 0} for n in CATEGORIES}), strict=True)
    )
    assert np.isnan(encoded["carrier"])
    assert np.isnan(encoded["seats"])
    assert encoded["origin"] == 0


def test_an_answer_is_explained_by_the_feature_that_decides_it() -> None:
    _save(1)
    served = _serving(1)
    for value in (-2.0, 2.0, -1.0):
        served.predict(ROW | {FEATURES[-1]: value})
    answer, version = served.predict(ROW | {FEATURES[-1]: 2.0})
    explained = served.explain(ROW | {FEATURES[-1]: 2.0}, version)
    assert explained is not None
    assert list(explained) == list(FEATURES)
    assert 0 < explained[FEATURES[-1]] < answer
    assert max(abs(explained[name]) for name in FEATURES[:-1]) < explained[FEATURES[-1]]


def test_an_answer_of_a_version_that_is_gone_is_not_explained() -> None:
    _save(1)
    assert _serving(1).explain(ROW, 2) is None
