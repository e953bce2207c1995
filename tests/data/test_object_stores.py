"""What the engine is told of an object store, from the variables and files of the AWS tools."""

from __future__ import annotations

from pathlib import Path

from vedette.data.profiling.object_stores import s3_arguments
from vedette.data.profiling.sources import source_of

NOBODY = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


def test_amazons_address_by_region_and_no_keys() -> None:
    assert s3_arguments("s3://lake/a/*.parquet", NOBODY) == {
        "source": "https://lake.s3.amazonaws.com/a/*.parquet"
    }
    east = s3_arguments("s3://lake/a", {**NOBODY, "AWS_REGION": "eu-west-1"})
    assert east["source"] == "https://lake.s3.eu-west-1.amazonaws.com/a"


def test_another_store_and_keys_of_the_environment() -> None:
    environment = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9000/", "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
    }  # fmt: skip
    assert s3_arguments("s3://lake/a b?.parquet", environment) == {
        "source": "http://127.0.0.1:9000/lake/a%20b?.parquet",
        "key": "k", "secret": "s", "token": "t",
    }  # fmt: skip


def test_keys_of_the_shared_file_by_profile(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[lake]\naws_access_key_id = K\naws_secret_access_key = S%x\n")
    known = {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    assert "key" not in s3_arguments("s3://lake/a", known)
    found = s3_arguments("s3://lake/a", {**known, "AWS_PROFILE": "lake"})
    assert (found["key"], found["secret"]) == ("K", "S%x")


def test_no_key_is_in_what_people_see(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    for name in ("s3://lake/a.csv", "delta:s3://lake/t", "iceberg:s3://lake/t"):
        source = source_of(name)
        assert "SECRET" not in source.label + source.expression
        assert source.parameters["secret"] == "SECRET"
    assert source_of("s3://lake/a.csv").expression.endswith("{secret:String}, 'CSVWithNames')")
