"""Incidents: alarms of one cause under one roof, with a timeline, an owner and what it cost."""
