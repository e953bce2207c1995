"""Labels of what is kept as code: key and value pairs, bounded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

LabelName = Annotated[str, Field(min_length=1, max_length=128)]
LabelValue = Annotated[str, Field(max_length=256)]
Labels = Annotated[dict[LabelName, LabelValue], Field(max_length=50)]
