-- A model is mostly asked for in a place: of all series of the model, which stand in as many places as the market has cities, only those
-- are read then. A model alone is found as before, by the first columns.
DROP INDEX series_by_model;
CREATE INDEX series_by_model ON series (model, geo);
DROP INDEX rollup_series_by_model;
CREATE INDEX rollup_series_by_model ON rollup_series (rollup_id, model, geo);
