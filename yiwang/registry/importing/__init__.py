"""Bringing a department's table into the registry (数据导入): mapping guessed and remembered, dry run, row report, resume.

``sources`` what files are read · ``mapping`` which column is what · ``converting`` cells to values · ``judging`` rows to packed
drafts · ``runner`` the run itself · ``comparing`` what a dry run shows · ``report`` files that can be corrected and re-sent ·
``pulling`` tables of other databases · ``store`` SQL · ``api`` HTTP.
"""
