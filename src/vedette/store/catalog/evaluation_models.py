"""Tables of evaluation: datasets with their records, and scorers. Moments as in ``tracking_models``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base, Sequence64
from vedette.store.catalog.tracking_models import CLUSTERED


class EvaluationDatasetRow(Base):
    """A dataset that models are evaluated on; ``records`` is how many it has, ``schema`` JSON."""

    __tablename__ = "evaluation_datasets"
    __table_args__: Any = (Index("ix_evaluation_datasets_account_name", "account", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    schema: Mapped[str | None]
    records: Mapped[int] = mapped_column(Sequence64)
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)
    created_by: Mapped[str]
    updated_by: Mapped[str]


class EvaluationDatasetTagRow(Base):
    """A tag of an evaluation dataset."""

    __tablename__ = "evaluation_dataset_tags"
    __table_args__: Any = (CLUSTERED,)

    dataset_id: Mapped[str] = mapped_column(ForeignKey("evaluation_datasets.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class EvaluationDatasetExperimentRow(Base):
    """An experiment, of the same account, for which an evaluation dataset is."""

    __tablename__ = "evaluation_dataset_experiments"
    __table_args__: Any = (CLUSTERED,)

    dataset_id: Mapped[str] = mapped_column(ForeignKey("evaluation_datasets.id"), primary_key=True)
    experiment_id: Mapped[str] = mapped_column(primary_key=True)


class EvaluationRecordRow(Base):
    """A record of an evaluation dataset, known by its inputs; ``document`` is JSON."""

    __tablename__ = "evaluation_records"
    __table_args__: Any = (UniqueConstraint("dataset_id", "inputs_hash"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("evaluation_datasets.id"))
    inputs_hash: Mapped[str]
    document: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class ScorerVersionRow(Base):
    """A version of a scorer of an experiment, as its client wrote it."""

    __tablename__ = "scorer_versions"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["account", "experiment_id"], ["experiments.account", "experiments.id"]
        ),
    )

    account: Mapped[str] = mapped_column(primary_key=True)
    experiment_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    scorer_id: Mapped[str]
    serialized: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
