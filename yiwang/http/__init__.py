"""Floor 6: the web — composes the engines' routes, the live view, health and the server-rendered pages. See
README.md."""
