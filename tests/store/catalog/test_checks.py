import pytest

from vedette.core.errors import InvalidInputError
from vedette.store.catalog.checks import check_limit, check_text, is_storable


def test_text_is_stripped():
    assert check_text("  Zoë 日本 \n", field="name", max_length=8) == "Zoë 日本"


@pytest.mark.parametrize("text", ["", "   ", "x" * 9, "a\x00b", "a\nb", "\ud800", "\x7fx"])
def test_bad_text_names_the_field(text):
    with pytest.raises(InvalidInputError) as caught:
        check_text(text, field="name", max_length=8)
    assert caught.value.field == "name"
    assert caught.value.remedy


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_pages_are_bounded(limit):
    with pytest.raises(InvalidInputError, match="page"):
        check_limit(limit)


def test_what_cannot_be_stored():
    assert is_storable("ok / ö")
    assert not is_storable("nul\x00")
    assert not is_storable("\udc80")
