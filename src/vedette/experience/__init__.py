"""What users meet: service level objectives, synthetic checks, browsers; above alarms, which they make."""
