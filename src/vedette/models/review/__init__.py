"""Reviews of traces: scorers that judge them as they come, people who are asked, issues found."""
