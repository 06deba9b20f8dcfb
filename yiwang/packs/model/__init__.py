"""The formats of a pack's and a city's own files.

Those of cases, classes and rules belong to casework, those of posts and roles to identity.
"""
