"""Floor 6: the web — composes the engines' routes, the live view, health and the server-rendered pages. See README.md."""

database_url_variable = "YIWANG_RUNNING_DATABASE_URL"
"""How a parent process tells its children where the database is that it has brought up."""
