"""Where things are kept: facts in the warehouse, entities in the catalog."""
