"""Answers: one check report in the forms that others read.

`sarif` for code hosts and editors, `junit` for CI servers, `acknowledgement` for the sender's
delivery system. All are pure functions over `schemas.report.CheckReport`.
"""
