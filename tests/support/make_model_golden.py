"""Writes what NannyML 0.13.1 and smclarify 0.5 say of fixed data; runs with those installed, not in tests."""

import json
import os
import sys
import warnings
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from model_data import binary_data, facet_data, multiclass_data

warnings.simplefilter("ignore")
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"


def cbpe_binary():
    import nannyml

    frames = [pd.DataFrame(part) for part in binary_data()]
    estimator = nannyml.CBPE(
        metrics=[
            "roc_auc",
            "f1",
            "precision",
            "recall",
            "specificity",
            "accuracy",
            "average_precision",
        ],
        y_true="actual",
        y_pred="predicted",
        y_pred_proba="score",
        problem_type="classification_binary",
        chunk_size=2000,
    )
    return _chunks(estimator.fit(frames[0]).estimate(frames[1]))


def cbpe_multiclass():
    import nannyml

    frames = []
    for scores, actual in multiclass_data():
        frame = pd.DataFrame(scores, columns=["p0", "p1", "p2"])
        frame["actual"], frame["predicted"] = actual.astype(str), scores.argmax(axis=1).astype(str)
        frames.append(frame)
    estimator = nannyml.CBPE(
        metrics=["accuracy", "f1", "roc_auc"],
        y_true="actual",
        y_pred="predicted",
        y_pred_proba={"0": "p0", "1": "p1", "2": "p2"},
        problem_type="classification_multiclass",
        chunk_size=len(frames[1]),
    )
    return _chunks(estimator.fit(frames[0]).estimate(frames[1]))


def _chunks(result):
    frame = result.filter(period="analysis").to_df()
    return {
        name: {
            part: frame[(name, part)].tolist()
            for part in ("value", "lower_confidence_boundary", "upper_confidence_boundary")
        }
        for name in frame.columns.get_level_values(0).unique()
        if name != "chunk"
    }


def clarify():
    from smclarify.bias.metrics import posttraining, pretraining

    facet, actual, predicted, stratum, features = facet_data()
    sensitive = pd.Series(facet == "d")
    x, label, called = pd.Series(facet), pd.Series(actual == 1), pd.Series(predicted == 1)
    found = {
        "CI": pretraining.CI(x, sensitive),
        "DPL": pretraining.DPL(x, sensitive, label),
        "CDDL": pretraining.CDDL(x, sensitive, label, pd.Series(stratum)),
    }
    for name in ("KL", "JS", "LP", "TVD", "KS"):
        found[name] = getattr(pretraining, name)(pd.Series(actual), sensitive)
    found["DPPL"] = posttraining.DPPL(x, sensitive, called)
    found["DI"] = posttraining.DI(x, sensitive, called)
    for name in ("DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "TE"):
        found[name] = getattr(posttraining, name)(x, sensitive, label, called)
    found["CDDPL"] = posttraining.CDDPL(x, sensitive, called, pd.Series(stratum))
    found["FT"] = posttraining.FT(pd.DataFrame(features), sensitive, called)
    found["GE"] = posttraining.GE(label, called)
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    made = {}
    for function in (cbpe_binary, cbpe_multiclass, clarify):
        made[function.__name__] = function()
    (Path(__file__).parents[1] / "statistics/golden/peers.json").write_text(
        json.dumps(made, indent=1) + "\n"
    )
