"""From a catalog to the tables of a prepared folder."""
