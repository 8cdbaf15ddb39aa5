"""Pages and archives in, extractions out: live pages, web archives, PDF, extraction, the capture gate.

Knows neither the database nor Prefect and can be used from a notebook. Of ours it imports `analysis.blocks` only: the
values that say what a page says.
"""
