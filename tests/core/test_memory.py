import gc

import pytest

from vedette.core.memory import paused_collection


def test_the_collector_is_paused_inside_and_resumed_by_the_last_one_out():
    assert gc.isenabled()
    with paused_collection():
        with paused_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_resumed_after_a_failure_and_stays_off_where_it_was():
    with pytest.raises(ValueError, match="x"), paused_collection():
        raise ValueError("x")
    assert gc.isenabled()
    gc.disable()
    try:
        with paused_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
