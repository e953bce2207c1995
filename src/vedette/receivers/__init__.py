"""Wire protocols in: each module checks a request's form and hands its bytes to ingest."""
