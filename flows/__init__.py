"""Prefect flows, the schedule and the command line; the only package that imports Prefect."""
