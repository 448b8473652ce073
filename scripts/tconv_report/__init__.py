"""Reads tconv-results/1 files and writes a self-contained HTML report."""
