"""Open data (政务数据开放): what the catalogue says is open, for everybody and without an account.

Catalogue and downloads, DCAT-AP, the read side of CKAN's action API, and OGC API Features. Promises: personal and sealed
attributes never go out, whatever a resource says; what is withdrawn is gone at the next request; nobody can ask by a column
that is not open.
"""
