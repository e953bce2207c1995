"""Entities as code: YAML documents of a kind, a name and a spec, compared with what is there."""

from vedette.manifests.document import Document, SourceFile, read_documents
from vedette.manifests.plan import Action, Applied, Existing, Kind, Plan, Registry

__all__ = [
    "Action",
    "Applied",
    "Document",
    "Existing",
    "Kind",
    "Plan",
    "Registry",
    "SourceFile",
    "read_documents",
]
