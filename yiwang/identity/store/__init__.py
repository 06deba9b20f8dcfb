"""All SQL of identity, one file per family of tables; only the services and the directory of this engine call it."""
