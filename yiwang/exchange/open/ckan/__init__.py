"""The read side of CKAN's action API (version 3) over the open datasets, so that clients of CKAN work unchanged."""
