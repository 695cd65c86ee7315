"""Files, folders, standard input and addresses -> articles, one small module a format."""
