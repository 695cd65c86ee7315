"""The Slack bot: the only part that imports the Slack libraries."""
