"""What a slice differs by, from its sums."""

import pytest

from vedette.models.production.slices import _slice


def _sums(rows, wrong):
    return {"rows": rows, "weight": rows, "squares": rows, "lost": wrong, "lost2": wrong}


@pytest.mark.parametrize(
    ("wrong", "all_wrong", "effect"), [(100, 100, 10 / 3), (50, 140, 0.970), (0, 0, 0.0)]
)
def test_a_slice_is_measured_by_how_far_its_loss_is_from_the_rest(wrong, all_wrong, effect):
    """Also where all of it is wrong and all else right, so that neither side varies."""
    found = _slice([], _sums(100, wrong), _sums(1000, all_wrong))
    assert found["effect"] == pytest.approx(effect, abs=1e-3)
