"""The past of a demo city: invented cases of the weeks before it opens, so that trends, scores and hot issues have a history.

``weather`` says which days were wet, ``inventing`` which cases came and how they ended, ``giving`` imports them once.
"""
