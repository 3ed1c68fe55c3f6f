"""The web port: figures for Prometheus and a word for watchdogs; the dashboard's place in the house."""
