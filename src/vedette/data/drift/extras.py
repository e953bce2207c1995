"""What beside its values tells of a column: categories, words, lengths, embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vedette.data.drift.measures import OTHER, Compared
from vedette.data.profiling.summary import ColumnProfile
from vedette.statistics.frequencies import total_variation
from vedette.statistics.samples import kolmogorov_smirnov
from vedette.statistics.significance import ks_p_value, total_variation_p_value

SHOWN_CATEGORIES = 20


def categories_change(compared: Compared) -> dict[str, Any]:
    """Return categories that are new or gone, with their share of the rows."""
    names, before, after = compared.categories
    found: dict[str, Any] = {}
    for title, absent, present in (
        ("new_categories", before, after),
        ("vanished_categories", after, before),
    ):
        total = present.sum()
        chosen = [
            (name, float(count / total))
            for name, was, count in zip(names, absent, present, strict=True)
            if name != OTHER and was == 0 and count > 0
        ]
        chosen.sort(key=lambda item: -item[1])
        if chosen:
            found[title] = {
                "count": len(chosen),
                "share": sum(share for _, share in chosen),
                "largest": [
                    {"value": name, "share": share} for name, share in chosen[:SHOWN_CATEGORIES]
                ],
            }
    return found


def text_change(reference: ColumnProfile, current: ColumnProfile) -> dict[str, Any]:
    """Return how lengths and words differ, where the column has texts or lists.

    ``out_of_vocabulary`` is the share of the window's words that the baseline does not have; where
    a vocabulary is not kept whole it is of the words that are kept.
    """
    found: dict[str, Any] = {}
    lengths = reference.length_sample(), current.length_sample()
    if not any(sample.is_empty for sample in lengths):
        found["length_ks"] = kolmogorov_smirnov(*lengths)
        found["length_ks_p_value"] = ks_p_value(
            found["length_ks"], *(round(sample.size) for sample in lengths)
        )
    before, after = reference.words.counts, current.words.counts
    if before and after:
        total = sum(after.values())
        unknown = sum(count for word, count in after.items() if word not in before)
        words = sorted(set(before) | set(after))
        found["out_of_vocabulary"] = unknown / total
        found["vocabulary_complete"] = reference.words.complete and current.words.complete
        found["vocabulary_overlap"] = len(set(before) & set(after)) / len(words)
        was, now = ([side.get(word, 0) for word in words] for side in (before, after))
        found["words_total_variation"] = total_variation(was, now)
        found["words_total_variation_p_value"] = total_variation_p_value(
            was, now, reference.present, current.present
        )
        found["new_words"] = [word for word in after if word not in before][:SHOWN_CATEGORIES]
    return found


def embedding_distance(reference: ColumnProfile, current: ColumnProfile) -> dict[str, Any]:
    """Return the distance of the vectors' means: Euclidean, and 1 less the cosine."""
    before, after = reference.vector_mean, current.vector_mean
    if not before.size or before.size != after.size:
        return {}
    lengths = float(np.linalg.norm(before) * np.linalg.norm(after))
    cosine = 1 - float(before @ after) / lengths if lengths else math.nan
    found = {"embedding_euclidean": float(np.linalg.norm(before - after))}
    return found if math.isnan(cosine) else found | {"embedding_cosine": max(0.0, cosine)}
