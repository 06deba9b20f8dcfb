"""Classification: what a report is about, learned from reports that people have classified.

``wording`` cleans · ``features`` counts · ``training`` learns · ``calibration`` makes honest probabilities · ``learned`` judges
· ``files`` keeps · ``figures`` scores. No feature of the person who reports enters: there is no field for it.
"""
