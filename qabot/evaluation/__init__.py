"""How good the bot is: cases, scorers, figures with intervals, comparison and report."""
