import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.manifests import SourceFile, read_documents


def read(*texts):
    return read_documents([SourceFile(f"f{n}.yaml", text) for n, text in enumerate(texts, 1)])


GOOD = "kind: Alarm\nmetadata: {name: a}\nspec: {x: 1}\n"


def test_documents_have_their_places():
    found = read(f"# first\n{GOOD}---\n---\n{GOOD.replace('a}', 'b, labels: {n: 1, t: true}}')}")
    assert [(one.name, one.place) for one in found] == [("a", "f1.yaml:2"), ("b", "f1.yaml:7")]
    assert found[1].labels == {"n": "1", "t": "true"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "f1.yaml:1"),
        ("a: b: c", "f1.yaml:1:5"),
        ("x: &a [1]\ny: *a", "aliases"),
        ("kind: A\nkind: B", "f1.yaml:2:1: the key 'kind' comes twice"),
        ("- 1", "f1.yaml:1: a document is a mapping"),
        ("groups: []", "vedette alarms import"),
        (GOOD + "surprise: 1", "'surprise' is no member"),
        ("kind: Alarm\nspec: {}", "metadata has no name"),
        ("kind: Alarm\nmetadata: {name: a, x: 1}\nspec: {}", "'x' is no member of metadata"),
        ("kind: Alarm\nmetadata: {name: a}", "a kind and a spec"),
        ("apiVersion: v9\n" + GOOD, "apiVersion 'v9'"),
        ("a: " + "[" * 200 + "]" * 200, "deeply"),
        ("a: !!python/object/apply:os.system [ls]", "f1.yaml:1"),
        (GOOD + "---\n" + GOOD, "in f1.yaml:1 already"),
        ("\x00", "no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, message):
    with pytest.raises(InvalidInputError) as caught:
        read(text)
    assert message in f"{caught.value.message} {caught.value.remedy}"


def test_a_position_is_an_offset_in_the_text():
    with pytest.raises(QuerySyntaxError) as caught:
        read("a: 1\nb: c: d")
    assert caught.value.position == 9


@given(st.text(alphabet="ab:{}[]&*!-\n \"'#|>%@", max_size=60))
def test_no_text_breaks_the_reader(text):
    with contextlib.suppress(InvalidInputError):
        read(text)
