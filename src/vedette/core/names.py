"""The one name of a dataset or job of OpenLineage, and the parts that a name or URL stands for.

OpenLineage names things by a namespace and a name (openlineage.io/docs/spec/naming). Joined, the two
are the URL that people and other clients use: ``s3://bucket`` and ``a/b.parquet`` are
``s3://bucket/a/b.parquet``. What the SDK names without a namespace keeps its plain name.
"""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

NAMESPACE = "vedette"
"""The namespace of what has a plain name."""
_DATABASES = {
    "postgresql": ("postgres", 5432),
    "postgres": ("postgres", 5432),
    "mysql": ("mysql", 3306),
}


def lineage_name(namespace: str, name: str) -> str:
    """Return the one name; the warehouse computes the same (``sql/0171_ingest_lineage``)."""
    if namespace in {"", NAMESPACE}:
        return name
    if namespace == "file":
        return f"file://{'' if name.startswith('/') else '/'}{name}"
    if name.startswith("/") or namespace.endswith("/"):
        return namespace + name
    return f"{namespace}/{name}"


def lineage_parts(text: str) -> tuple[str, str]:
    """Return namespace and name of a dataset that is given as a plain name, a path or a URL."""
    if text.startswith("/"):
        return "file", text
    scheme, separator, _ = text.partition("://")
    if not separator or not scheme.replace("+", "").replace("-", "").isalnum():
        return NAMESPACE, text
    try:
        url = urlsplit(text)
        path, port = unquote(url.path), url.port
    except ValueError:
        return NAMESPACE, text
    if scheme in _DATABASES:
        engine, usual = _DATABASES[scheme]
        host = f"{engine}://{url.hostname or 'localhost'}:{port or usual}"
        return host, path.strip("/").replace("/", ".")
    if scheme == "file":
        return "file", path
    return f"{scheme}://{url.netloc.rpartition('@')[2]}", path.lstrip("/") or "/"


def dataset_source_name(source: str) -> str:
    """Return the one name of where an MLflow dataset came from; empty where that is not known.

    Args:
        source: JSON as MLflow's sources write it: ``{"uri": ...}``, ``{"url": ...}``,
            ``{"path": ...}`` or ``{"table_name": ...}``; or a plain URL.

    """
    try:
        document = json.loads(source)
    except ValueError:
        document = source
    if isinstance(document, dict):
        keys = ("uri", "url", "path", "table_name", "delta_table_name")
        document = next((document[key] for key in keys if document.get(key)), "")
    if not isinstance(document, str) or not document:
        return ""
    return lineage_name(*lineage_parts(document))[:4096]
