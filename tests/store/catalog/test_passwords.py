import pytest
from argon2 import PasswordHasher

from vedette.core.errors import InvalidInputError
from vedette.store.catalog.passwords import hash_password, is_outdated, verify_password


def test_hashes_are_argon2id_and_salted():
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert verify_password(first, "correct horse")
    assert not verify_password(first, "correct horse ")
    assert not is_outdated(first)


def test_what_is_no_hash_matches_nothing():
    assert not verify_password(None, "correct horse")
    assert not verify_password("plain text", "plain text")
    assert not verify_password(hash_password("x" * 12), "x" * 2000)


def test_weaker_parameters_are_outdated():
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1025])
def test_length(password):
    with pytest.raises(InvalidInputError) as caught:
        hash_password(password)
    assert caught.value.field == "password"
    if password:
        assert password not in str(caught.value.as_dict())


def test_any_character_can_be_in_a_password():
    odd = "nul\x00 and \ud800 and ✓"
    assert verify_password(hash_password(odd), odd)
