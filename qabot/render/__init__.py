"""Answer -> what a front end shows. Pure: nothing here asks, reads or writes."""
