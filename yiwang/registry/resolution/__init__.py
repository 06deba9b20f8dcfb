"""Identity resolution (同一识别): records that are of the same person, enterprise or address are found, and people decide.

``finding`` looks for pairs as the type declares it: ``gathering`` reads the records, ``blocking`` chooses which are compared,
``scoring`` compares them by ``similarity``. ``reviewing`` is the queue in which people decide; ``merging`` makes one record of
two and takes that back. Of sealed attributes only blinds are compared; what is kept of a comparison names attributes and
points, never values.
"""
