"""Sentinel's own work: checks, alerts, logs, logins, submissions and backups."""
