"""Registry 登记: things of the city, declared by type, with what was true when and what was known when."""
